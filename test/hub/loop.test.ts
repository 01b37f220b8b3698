import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createOriginMarker, originMarkerText } from "../../src/lib/origin-marker.ts";
import { toWireId } from "../../src/lib/ids.ts";
import { github, newDeliveryId, openSource, type SenderSource, storedOf } from "../inbound/senders.ts";
import { startReceiver } from "../support/receiver.ts";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";

/** An agent that answers comments, and would answer its own for ever. */
interface Loop extends AsyncDisposable {
  readonly test: TestHub;
  readonly source: SenderSource;
  /** Somebody comments; answers with the event as the API shows it. */
  comment(body: string): Promise<TestAnswer["body"]>;
  /** Leases the one task that waits, and completes it; answers with it. Undefined when there is none. */
  work(): Promise<TestAnswer["body"]>;
}

async function startLoop(loops: object = {}): Promise<Loop> {
  const test = await startTestHub();
  const source = await openSource(test, github);
  await test.call("POST", "/api/v1/agents", { name: "answerer", runner: { type: "pull" } });
  const task = { input: "Answer ${event.body.comment.body}" };
  const route = {
    name: "answer",
    provider: "github",
    match: { type: ["issues.created"] },
    agent: "answerer",
    task,
    loops,
  };
  assert.equal((await test.call("POST", "/api/v1/routes", route)).status, 201);
  return {
    test,
    source,
    comment: async (body) => {
      const payload = JSON.stringify({ action: "created", comment: { body } });
      const { eventId } = storedOf(await source.send({ id: newDeliveryId(), body: payload }));
      return (await test.call("GET", `/api/v1/events/${eventId}`)).body;
    },
    work: async () => {
      const leased = await test.call("POST", "/api/v1/worker/lease", { workerId: "w", agents: ["answerer"] });
      if (leased.status === 204) return undefined;
      const [{ task, leaseToken }] = leased.body.tasks;
      const path = `/api/v1/worker/tasks/${task.id}/complete`;
      assert.equal((await test.call("POST", path, { leaseToken, result: "answered" })).status, 200);
      return leased.body.tasks[0];
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

function outcomesOf(event: TestAnswer["body"]): string[] {
  return event.decisions.map(({ outcome, reason }: { outcome: string; reason?: string }) =>
    `${outcome} ${reason ?? ""}`.trim(),
  );
}

describe("An agent whose result comes back as an event", () => {
  it("stops at the marker that it put into its comment", async () => {
    await using loop = await startLoop();
    const asked = await loop.comment("Why?");
    assert.deepEqual(outcomesOf(asked), ["matched"]);
    const { task } = await loop.work();
    const answer = await loop.comment(`Because.\n\n<!-- ${task.originMarker} -->`);
    assert.deepEqual(outcomesOf(answer), ["held loop_marker"]);
    assert.match(answer.decisions[0].detail, new RegExp(task.id));
    assert.deepEqual(answer.tasks, []);
    assert.equal(await loop.work(), undefined);
    // Stored all the same, and a person's next comment is answered.
    assert.equal((await loop.test.call("GET", `/api/v1/events/${answer.id}/body`)).status, 200);
    assert.deepEqual(outcomesOf(await loop.comment("Really?")), ["matched"]);
  });

  it("goes on after a marker that this hub did not sign", async () => {
    await using loop = await startLoop();
    const forged = createOriginMarker(randomBytes(32), toWireId("task", "019c0000-0000-7000-8000-000000000001"), 0);
    assert.deepEqual(outcomesOf(await loop.comment(originMarkerText(forged))), ["matched"]);
  });

  it("stops when a subscriber passes on the header of what it is sent", async () => {
    await using loop = await startLoop();
    const { call } = loop.test;
    const made = { name: "back", provider: "bearer", secrets: ["a long random token"] };
    const back = (await call("POST", "/api/v1/sources", made)).body;
    const task = { input: "Go on" };
    await call("POST", "/api/v1/routes", { name: "loop", sourceId: back.id, agent: "answerer", task });
    await using subscriber = await startReceiver();
    await call("POST", "/api/v1/endpoints", { url: subscriber.url, eventTypes: ["task.completed"] });
    await loop.comment("Why?");
    const { task: done } = await loop.work();
    const [delivery] = await subscriber.until(1);
    const marker = String(delivery?.headers["hookyard-origin"]);
    assert.equal(originMarkerText(marker), done.originMarker);
    const forward = async (headers: Record<string, string>): Promise<string[]> => {
      const sent = await fetch(back.url, {
        method: "POST",
        headers: { authorization: "Bearer a long random token", "content-type": "application/json", ...headers },
        body: JSON.stringify({ type: "forwarded", headers: Object.keys(headers) }),
      });
      assert.equal(sent.status, 200);
      const { eventId } = (await sent.json()) as { eventId: string };
      return outcomesOf((await call("GET", `/api/v1/events/${eventId}`)).body);
    };
    assert.deepEqual(await forward({ "hookyard-origin": marker }), ["held loop_marker"]);
    assert.equal(await loop.work(), undefined);
    assert.deepEqual(await forward({}), ["matched"]);
  });

  it("goes on for as many tasks as its route allows, each of which knows what led to it", async () => {
    await using loop = await startLoop({ allowMarked: true, maxDepth: 2 });
    const chain: string[] = [];
    let event = await loop.comment("Why?");
    for (const depth of [0, 1, 2]) {
      assert.deepEqual(outcomesOf(event), ["matched"]);
      const { task } = await loop.work();
      const { origin } = (await loop.test.call("GET", `/api/v1/tasks/${task.id}`)).body;
      assert.deepEqual(origin, depth === 0 ? undefined : { chain, depth });
      chain.push(task.id);
      event = await loop.comment(task.originMarker);
    }
    assert.deepEqual(outcomesOf(event), ["held depth"]);
    assert.equal(await loop.work(), undefined);
  });

  it("cannot have an endpoint that sets the marker itself", async () => {
    await using loop = await startLoop();
    const endpoint = { url: "http://127.0.0.1:9/", headers: { "Hookyard-Origin": "v1.x" } };
    assert.equal((await loop.test.call("POST", "/api/v1/endpoints", endpoint)).status, 422);
  });
});
