import assert from "node:assert/strict";
import { sign } from "@octokit/webhooks-methods";
import { analyticsOperations } from "../../src/http/analytics.ts";
import { artifactOperations } from "../../src/http/artifacts.ts";
import { deliveryOperations } from "../../src/http/deliveries.ts";
import { eventOperations } from "../../src/http/events.ts";
import { messageOperations } from "../../src/http/messages.ts";
import { taskOperations } from "../../src/http/tasks.ts";
import { traceOperations } from "../../src/http/trace.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { startTestHub, type TestAnswer, type TestClient, type TestHub } from "./test-hub.ts";

/** The body of the one event. */
export const eventBody = '{"action": "opened",  "issue": {"title": "<script>"}}';

/** A hub that one GitHub event has gone through: to a task, an artifact, a message and a delivery. */
export interface HubWithHistory extends AsyncDisposable {
  readonly test: TestHub;
  readonly receiver: Receiver;
  readonly ids: {
    readonly event: string;
    readonly task: string;
    readonly artifact: string;
    readonly message: string;
    readonly delivery: string;
    readonly endpoint: string;
  };
  /** A call that must succeed, with an answer that has nothing but what its operation declares. */
  ok(method: string, path: string, input?: unknown, client?: TestClient): Promise<TestAnswer>;
  /** A call that must be refused: its status, code and the paths of its errors. */
  refused(client: TestClient, method: string, path: string, input?: unknown): Promise<string>;
}

async function makeHistory(test: TestHub, receiver: Receiver): Promise<HubWithHistory["ids"]> {
  const { call } = test;
  const secret = "a GitHub secret";
  const source = await call("POST", "/api/v1/sources", { name: "github", provider: "github", secrets: [secret] });
  await call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" } });
  await call("POST", "/api/v1/routes", { name: "all", agent: "triager", task: { input: "Triage" } });
  const endpoint = await call("POST", "/api/v1/endpoints", { url: receiver.url, eventTypes: ["task.completed"] });
  const sent = await fetch(source.body.url, {
    method: "POST",
    headers: {
      "content-type": "application/json; charset=utf-8",
      "x-github-event": "issues",
      "x-github-delivery": "d-1",
      "x-hub-signature-256": await sign(secret, eventBody),
    },
    body: eventBody,
  });
  const { eventId } = (await sent.json()) as { eventId: string };

  const work = test.as(await test.keyFor("worker", ["triager"]));
  const leased = await work("POST", "/api/v1/worker/lease", { workerId: "w", agents: ["triager"], waitSeconds: 5 });
  const [{ task, leaseToken }] = leased.body.tasks;
  const path = `/api/v1/worker/tasks/${task.id}`;
  await work("POST", `${path}/events`, { leaseToken, events: [1, 2, 3].map((seq) => ({ seq, type: "step" })) });
  const uploaded = await work(
    "PUT",
    `${path}/artifacts/${encodeURIComponent('r\u00e9sum\u00e9 "1"/..;.html')}`,
    Buffer.from("<script>alert(1)</script>"),
    { "lease-token": leaseToken, "content-type": "text/html" },
  );
  await work("POST", `${path}/complete`, { leaseToken, result: { ok: true } });
  await receiver.until(1);
  await test.hub.processAll();
  return {
    event: eventId,
    task: task.id,
    artifact: uploaded.body.id,
    message: (await call("GET", "/api/v1/messages")).body.data[0].id,
    delivery: (await call("GET", "/api/v1/deliveries")).body.data[0].id,
    endpoint: endpoint.body.id,
  };
}

// zod's objects drop what they do not know: an answer that comes back the same has nothing that is not declared.
function declaredAnswers(test: TestHub) {
  const operations = [
    ...eventOperations,
    ...taskOperations(test.hub.services),
    ...artifactOperations,
    ...messageOperations,
    ...deliveryOperations,
    ...analyticsOperations,
    ...traceOperations,
  ];
  return (method: string, path: string, { status, body }: TestAnswer): void => {
    const operation = operations.find(
      (each) =>
        each.method === method.toLowerCase() &&
        new RegExp(`^${each.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path.replace(/\?.*/, "")),
    );
    const response = operation?.responses[status];
    assert.ok(response !== undefined, `${method} ${path} is not declared to answer ${status}`);
    if (response.schema !== undefined) assert.deepEqual(response.schema.parse(body), body, `${method} ${path}`);
  };
}

/** Starts such a hub. */
export async function startHubWithHistory(): Promise<HubWithHistory> {
  const test = await startTestHub();
  const receiver = await startReceiver(() => ({ status: 200, body: "thanks" }));
  const ids = await makeHistory(test, receiver);
  const requireDeclared = declaredAnswers(test);
  return {
    test,
    receiver,
    ids,
    async ok(method, path, input, client = test.call) {
      const answer = await client(method, path, input);
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      requireDeclared(method, path, answer);
      return answer;
    },
    async refused(client, method, path, input) {
      const answer = await client(method, path, input);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      const { errors = [] } = answer.body as { errors?: { path: string }[] };
      return `${answer.status} ${answer.body.code}${errors.map((error) => ` ${error.path}`).join("")}`;
    },
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await test[Symbol.asyncDispose]();
    },
  };
}
