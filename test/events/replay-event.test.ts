import assert from "node:assert/strict";
import { github, openSource, storedOf } from "../inbound/senders.ts";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";
import { openReplayBench, type ReplayBench } from "./replay-support.ts";

describe("the replay of an event", () => {
  let test: TestHub;
  let bench: ReplayBench;
  before(async () => {
    test = await startTestHub({ role: "web" });
    bench = await openReplayBench(test, test.call);
  });
  after(() => test[Symbol.asyncDispose]());

  const replay = async (eventId: string, body?: object, status = 202): Promise<TestAnswer["body"]> => {
    const answer = await test.call("POST", `/api/v1/events/${eventId}/replay`, body);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    return answer.body;
  };

  it("routes it once more, as a new generation that is linked to the first", async () => {
    const [eventId = ""] = await bench.send(1);
    const first = await replay(eventId);
    const second = await replay(eventId, {});
    assert.ok(second.generation > first.generation && first.generation > 0);
    assert.deepEqual([first.eventId, first.taskIds.length, first.decisions[0].outcome], [eventId, 1, "matched"]);
    assert.notEqual(first.taskIds[0], second.taskIds[0]);

    const event = (await test.call("GET", `/api/v1/events/${eventId}`)).body;
    assert.deepEqual(
      event.replays.map((each: TestAnswer["body"]) => [each.id, each.generation]),
      [
        [second.replayId, second.generation],
        [first.replayId, first.generation],
      ],
    );
    assert.equal(event.tasks.length, 3);
    const byGeneration = event.decisions.map((each: TestAnswer["body"]) => each.generation);
    assert.deepEqual(byGeneration, [second.generation, first.generation, 0]);
    const task = (await test.call("GET", `/api/v1/tasks/${first.taskIds[0]}`)).body;
    assert.deepEqual([task.event.id, task.event.generation], [eventId, first.generation]);

    const row = await bench.read(first.replayId);
    assert.deepEqual(
      [row.state, row.filter, row.total, row.done, row.tasks, row.generation],
      ["completed", { eventId }, 1, 1, 1, first.generation],
    );
  });

  it("is by the routes of now, or by the one that is named", async () => {
    const [eventId = ""] = await bench.send(1);
    const route = { name: "later", agent: "triager", task: { input: "Later" } };
    const later = (await test.call("POST", "/api/v1/routes", route)).body.id;
    assert.equal((await replay(eventId)).taskIds.length, 2);
    const one = await replay(eventId, { routeId: later });
    assert.deepEqual(
      one.decisions.map((each: TestAnswer["body"]) => each.routeId),
      [later],
    );
    await test.call("PATCH", `/api/v1/routes/${later}`, { enabled: false });
    const refused = await replay(eventId, { routeId: later }, 422);
    assert.equal(refused.errors[0].path, "routeId");
    assert.equal((await replay(eventId)).taskIds.length, 1);
  });

  it("does not wait for the route's guards", async () => {
    const call = await test.inAnotherProject();
    const guarded = await openReplayBench(test, call, { keys: { dedupe: "event.deliveryId" } });
    const [eventId = ""] = await guarded.send(1);
    const { body } = await call("POST", `/api/v1/events/${eventId}/replay`);
    assert.deepEqual([body.taskIds, body.decisions[0].outcome], [[], "pending"]);
  });

  it("is refused for an event that waits for its paused source", async () => {
    const paused = await openSource(test, github);
    await test.call("POST", `/api/v1/sources/${paused.id}/pause`);
    const { eventId } = storedOf(await paused.send());
    assert.equal((await replay(eventId, undefined, 409)).code, "event_held");
  });

  it("is for those who may replay, of the own project alone, and audited", async () => {
    const [eventId = ""] = await bench.send(1);
    const path = `/api/v1/events/${eventId}/replay`;
    for (const role of ["viewer", "developer"])
      assert.equal((await test.as(await test.keyFor(role))("POST", path)).status, 403, role);
    assert.equal((await test.as(await test.keyFor("operator"))("POST", path)).status, 202);
    assert.equal((await (await test.inAnotherProject())("POST", path)).status, 404);
    assert.equal((await test.call("POST", path, { surprise: true })).status, 422);
    assert.deepEqual(await bench.tasksOf([eventId]), [2]);
    const { data } = (await test.call("GET", "/api/v1/audit?limit=20")).body;
    const entry = data.find((each: TestAnswer["body"]) => each.action === "event.replay");
    assert.equal(entry.target, eventId);
  });

  it("answers the same to the same Idempotency-Key, and replays once", async () => {
    const [eventId = ""] = await bench.send(1);
    const send = (): Promise<TestAnswer> =>
      test.call("POST", `/api/v1/events/${eventId}/replay`, {}, { "idempotency-key": "once" });
    assert.deepEqual((await send()).body, (await send()).body);
    assert.deepEqual(await bench.tasksOf([eventId]), [2]);
  });

  it("gives each of many at once a generation of its own", async () => {
    const [eventId = ""] = await bench.send(1);
    const replays = await Promise.all(Array.from({ length: 8 }, () => replay(eventId)));
    assert.equal(new Set(replays.map(({ generation }) => generation)).size, 8);
    assert.deepEqual(await bench.tasksOf([eventId]), [9]);
  });
});
