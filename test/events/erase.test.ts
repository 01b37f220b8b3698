import assert from "node:assert/strict";
import { fromWireId } from "../../src/lib/ids.ts";
import { eraseLateAttempts } from "../../src/messages/erase-late-attempts.ts";
import { tablesWith } from "../support/database-contents.ts";
import type { TestAnswer } from "../support/test-hub.ts";
import { type OldWork, startOldWork } from "./old-work.ts";

const secret = "Erika Mustermann";

/** The actions of the audit log that erase, newest first. */
async function erasures({ hub }: OldWork): Promise<string[]> {
  const { data } = (await hub.test.call("GET", "/api/v1/audit")).body;
  return data.map((entry: { action: string }) => entry.action).filter((action: string) => action.endsWith(".erase"));
}

describe("erasing", function () {
  this.timeout(30_000);

  it("an event takes its payload out of all that was made of it, and leaves what happened", async () => {
    await using work = await startOldWork(`${secret} says thanks`);
    const { call } = work.hub.test;
    const { eventId, taskId, messageId } = await work.finish(secret);
    const waiting = await work.begin(`${secret} waits`);
    assert.ok((await tablesWith(work.services, secret)).length > 5);
    for (const id of [eventId, waiting]) {
      const erased = await call("POST", `/api/v1/events/${id}/erase`);
      assert.equal(erased.status, 200, JSON.stringify(erased.body));
      assert.deepEqual([typeof erased.body.erasedAt, erased.body.bodySize, erased.body.headers], ["string", 0, {}]);
      const again = await call("POST", `/api/v1/events/${id}/erase`);
      assert.deepEqual([again.status, again.body], [200, erased.body]);
      const body = await call("GET", `/api/v1/events/${id}/body`);
      assert.deepEqual([body.status, body.body.code], [410, "event_erased"]);
      const replay = await call("POST", `/api/v1/events/${id}/replay`, {});
      assert.deepEqual([replay.status, replay.body.code], [410, "event_erased"]);
    }
    // Its sender's id of the delivery, which in this test is a name, is what tells a repeat: it stays.
    await work.rows("UPDATE events SET delivery_id = 'x'");
    await work.rows(`UPDATE tasks SET event = NULL`);
    await work.rows(`DELETE FROM messages WHERE id <> $1`, [fromWireId("message", messageId)]);
    assert.deepEqual(await tablesWith(work.services, secret), []);
    const task = await work.hub.read(taskId);
    assert.deepEqual([task.state, task.input, task.result], ["completed", "", undefined]);
    assert.deepEqual([typeof task.erasedAt, task.attempts.length, task.artifacts.length], ["string", 1, 1]);
    const message = (await call("GET", `/api/v1/messages/${messageId}`)).body;
    assert.deepEqual([message.type, message.data, typeof message.erasedAt], ["task.completed", {}, "string"]);
    const { tasks } = (await call("GET", `/api/v1/events/${waiting}`)).body;
    assert.deepEqual(
      tasks.map((each: { state: string }) => each.state),
      ["canceled"],
    );
    const retried = await call("POST", `/api/v1/tasks/${tasks[0].id}/retry`);
    assert.deepEqual([retried.status, retried.body.code], [410, "task_erased"]);
    assert.deepEqual(await erasures(work), ["event.erase", "event.erase"]);
    const replayed = await call("POST", "/api/v1/events/replay", { filter: {} });
    assert.equal(replayed.status, 202);
    await work.hub.test.hub.processAll();
    assert.deepEqual(await work.count("tasks"), [2], "a replay of all passes over what was erased");
  });

  it("an event that is not decided yet is refused, and one that a paused source holds is not", async () => {
    await using work = await startOldWork();
    const { call } = work.hub.test;
    const id = await work.begin("a");
    const uuid = fromWireId("event", id);
    await work.rows(
      `INSERT INTO pending_decisions (route_id, event_id, generation, project_id, agent_id, routed_at, bytes, candidate)
       VALUES ($1, $1, 0, $1, $1, now(), 1, '{}')`,
      [uuid],
    );
    const refused = await call("POST", `/api/v1/events/${id}/erase`);
    assert.deepEqual([refused.status, refused.body.code], [409, "event_undecided"]);
    assert.equal((await call("GET", `/api/v1/events/${id}/body`)).status, 200);
    await work.rows("DELETE FROM pending_decisions");
    await work.rows("INSERT INTO held_events SELECT source_id, id FROM events");
    assert.equal((await call("POST", `/api/v1/events/${id}/erase`)).status, 200);
    assert.deepEqual(await work.count("held_events"), [0]);
  });

  it("a message takes out what it says and what was answered, and ends what is pending", async () => {
    await using work = await startOldWork(`${secret} says thanks`);
    const { call } = work.hub.test;
    const endpoint = (await call("POST", "/api/v1/endpoints", { url: work.receiver.url, eventTypes: ["a.b"] })).body;
    const publish = async (): Promise<TestAnswer["body"]> =>
      (await call("POST", "/api/v1/messages", { type: "a.b", data: { name: secret } })).body;
    const sent = await publish();
    await work.hub.test.hub.processAll();
    const [delivery] = (await call("GET", `/api/v1/messages/${sent.id}/deliveries`)).body.data;
    assert.equal(delivery.state, "succeeded");
    const pending = await publish();
    await work.hub.test.hub.processAll();
    const { length: received } = work.receiver.requests;
    await work.rows(
      "UPDATE deliveries SET state = 'pending', settled_at = NULL, next_attempt_at = now() + interval '1 day' WHERE message_id = $1",
      [fromWireId("message", pending.id)],
    );
    for (const { id } of [sent, pending]) {
      const erased = await call("POST", `/api/v1/messages/${id}/erase`);
      assert.equal(erased.status, 200, JSON.stringify(erased.body));
      assert.deepEqual([erased.body.data, typeof erased.body.erasedAt], [{}, "string"]);
      assert.deepEqual((await call("POST", `/api/v1/messages/${id}/erase`)).body, erased.body);
      assert.equal((await call("POST", `/api/v1/messages/${id}/resend`, {})).status, 410);
    }
    const [canceled] = (await call("GET", `/api/v1/messages/${pending.id}/deliveries`)).body.data;
    assert.deepEqual([canceled.state, canceled.lastOutcome], ["canceled", "message_erased"]);
    for (const { id } of [delivery, canceled])
      assert.equal((await call("POST", `/api/v1/deliveries/${id}/retry`)).status, 410);
    const recovered = await call("POST", `/api/v1/endpoints/${endpoint.id}/replay`, {
      since: "2020-01-01T00:00:00Z",
      all: true,
    });
    assert.equal(recovered.status, 202, JSON.stringify(recovered.body));
    await work.hub.test.hub.processAll();
    assert.equal(work.receiver.requests.length, received, "nothing of it is sent again");
    const [attempt] = (await call("GET", `/api/v1/deliveries/${delivery.id}/attempts`)).body.data;
    assert.deepEqual([attempt.outcome, attempt.responseBody, attempt.requestHeaders], ["succeeded", undefined, {}]);
    assert.equal(typeof attempt.erasedAt, "string");
    assert.deepEqual(await tablesWith(work.services, secret), []);
    assert.deepEqual(await erasures(work), ["message.erase", "message.erase"]);
    // One that was under way is written down after it.
    await work.rows("UPDATE attempts SET response_body = 'late', erased_at = NULL");
    await eraseLateAttempts(work.services);
    assert.deepEqual(await work.rows("SELECT count(*)::int FROM attempts WHERE response_body IS NOT NULL"), [
      { count: 0 },
    ]);
  });

  it("a subscriber takes out what was for it alone, and what its endpoints answered to what was for all", async () => {
    await using work = await startOldWork(`${secret} says thanks`);
    const { call } = work.hub.test;
    const subscriber = (await call("POST", "/api/v1/subscribers", { name: "one" })).body;
    const fields = { url: work.receiver.url, eventTypes: ["a.b"] };
    await call("POST", "/api/v1/endpoints", { ...fields, subscriberId: subscriber.id });
    await call("POST", "/api/v1/endpoints", fields);
    const own = { type: "a.b", data: { name: secret }, subscriberId: subscriber.id };
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push((await call("POST", "/api/v1/messages", own)).body.id);
    const shared = (await call("POST", "/api/v1/messages", { type: "a.b", data: { for: "all" } })).body.id;
    await work.hub.test.hub.processAll();
    const path = `/api/v1/subscribers/${subscriber.id}/erase`;
    assert.equal((await call("DELETE", `/api/v1/subscribers/${subscriber.id}`)).status, 204);
    for (let time = 0; time < 2; time += 1) {
      const { status, body } = await call("POST", path);
      assert.deepEqual([status, body], [200, { subscriberId: subscriber.id, state: "done" }]);
    }
    for (const id of ids) assert.deepEqual((await call("GET", `/api/v1/messages/${id}`)).body.data, {});
    assert.deepEqual((await call("GET", `/api/v1/messages/${shared}`)).body.data, { for: "all" });
    const kept = "SELECT count(*)::int FROM attempts WHERE response_body IS NOT NULL";
    assert.deepEqual(await work.rows(kept), [{ count: 1 }], "the answer of the other subscriber");
    assert.deepEqual(await erasures(work), ["subscriber.erase", "subscriber.erase"]);
    // What a request leaves is done in the background, by whoever comes to it.
    await call("POST", "/api/v1/messages", own);
    await work.rows(
      `INSERT INTO subscriber_erasures VALUES ($1, $2, 'ffffffff-ffff-ffff-ffff-ffffffffffff', '0', $3, false, $3, NULL, NULL)`,
      [fromWireId("subscriber", subscriber.id), work.projectUuid, "00000000-0000-0000-0000-000000000000"],
    );
    await work.hub.test.hub.processAll();
    assert.deepEqual(await work.count("subscriber_erasures"), [0]);
  });

  it("is for owners and admins of the project, and of no other", async () => {
    await using work = await startOldWork();
    const { test } = work.hub;
    const { eventId, messageId } = await work.finish("a");
    const subscriber = (await test.call("POST", "/api/v1/subscribers", { name: "one" })).body;
    const paths = [`events/${eventId}`, `messages/${messageId}`, `subscribers/${subscriber.id}`];
    const other = await test.inAnotherProject();
    for (const path of paths) {
      for (const role of ["operator", "developer", "viewer"])
        assert.equal((await test.as(await test.keyFor(role))("POST", `/api/v1/${path}/erase`)).status, 403, role);
      assert.equal((await other("POST", `/api/v1/${path}/erase`)).status, 404);
      assert.equal((await test.as(await test.keyFor("admin"))("POST", `/api/v1/${path}/erase`)).status, 200);
    }
  });
});
