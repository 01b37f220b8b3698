import assert from "node:assert/strict";
import { sign } from "@octokit/webhooks-methods";
import { Webhook } from "svix";
import { startReceiver } from "../support/receiver.ts";
import { startTestHub } from "../support/test-hub.ts";

describe("the main path", () => {
  it("carries a signed GitHub webhook to an agent's task and its signed result to a subscriber", async () => {
    await using receiver = await startReceiver();
    await using test = await startTestHub();
    const { call } = test;
    const secret = "a GitHub secret";
    const source = await call("POST", "/api/v1/sources", { name: "github", provider: "github", secrets: [secret] });
    assert.equal(source.status, 201);
    await call("POST", "/api/v1/agents", { name: "triager", instructions: "Be brief.", runner: { type: "pull" } });
    const route = await call("POST", "/api/v1/routes", {
      name: "triage",
      provider: "github",
      match: { type: ["issues.opened"] },
      agent: "triager",
      task: { input: "Triage ${event.body.issue.title}" },
    });
    assert.equal(route.status, 201);
    const endpoint = await call("POST", "/api/v1/endpoints", { url: receiver.url, eventTypes: ["task.completed"] });
    assert.equal(endpoint.status, 201);

    const body = JSON.stringify({ action: "opened", issue: { title: "It crashes" } });
    const sent = await fetch(source.body.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-github-event": "issues",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "x-hub-signature-256": await sign(secret, body),
      },
      body,
    });
    assert.equal(sent.status, 200);
    const { eventId, duplicate } = (await sent.json()) as { eventId: string; duplicate: boolean };
    assert.equal(duplicate, false);

    const workerKey = await test.keyFor("worker", ["triager"]);
    const work = test.as(workerKey);
    const leased = await work("POST", "/api/v1/worker/lease", { workerId: "w1", agents: ["triager"], waitSeconds: 5 });
    assert.equal(leased.status, 200);
    const [{ task, leaseToken, attempt }] = leased.body.tasks;
    assert.equal(attempt, 1);
    assert.equal(task.instructions, "Be brief.\n\nTriage It crashes");
    assert.equal(task.data.trust, "untrusted");
    assert.equal(task.data.event.id, eventId);
    assert.deepEqual(task.data.event.body, JSON.parse(body));

    const completed = await work("POST", `/api/v1/worker/tasks/${task.id}/complete`, {
      leaseToken,
      result: { label: "bug" },
    });
    assert.deepEqual([completed.status, completed.body.state], [200, "completed"]);

    const [delivery] = await receiver.until(1);
    new Webhook(endpoint.body.secret).verify(delivery?.body ?? "", delivery?.headers as Record<string, string>);
    const verified = JSON.parse(delivery?.body ?? "");
    assert.equal(verified.type, "task.completed");
    assert.equal(verified.data.task.id, task.id);
    assert.deepEqual(verified.data.task.result, { label: "bug" });
    assert.equal(verified.data.event.id, eventId);
  });
});
