import assert from "node:assert/strict";
import { originMarkerText, verifyOriginMarker } from "../../src/lib/origin-marker.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { enqueueTasks } from "../../src/tasks/enqueue-tasks.ts";
import { sessionIdOf } from "../../src/tasks/session-id.ts";
import { type Leased, startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

describe("A leased task", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const ask = (agent: string, fields: object) =>
    hub.test.call("POST", "/api/v1/tasks", { agent, input: "Do it", ...fields });
  const leasedTask = async (agent: string): Promise<Leased["task"]> => (await hub.leaseOne(agent)).task;
  const markOf = ({ originMarker }: Leased["task"]): object | undefined => {
    const marker = originMarker.replace(originMarkerText(""), "");
    return verifyOriginMarker(hub.test.hub.services.originKeys.all, marker);
  };

  it("names the session that it continues, the same for the same key", async () => {
    const [agent, other] = [await hub.agent(), await hub.agent()];
    const session = "pr-7";
    const made = (await ask(agent, { keys: { session } })).body;
    assert.match(made.sessionId, /^ses_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
    assert.equal("keys" in made, false);
    assert.equal((await leasedTask(agent)).sessionId, made.sessionId);
    const again = (await ask(agent, { keys: { session, order: session } })).body;
    assert.equal(again.sessionId, made.sessionId);
    assert.notEqual((await ask(agent, { keys: { session: "pr-8" } })).body.sessionId, made.sessionId);
    assert.notEqual((await ask(other, { keys: { session } })).body.sessionId, made.sessionId);
    assert.equal(sessionIdOf("a", "b"), sessionIdOf("a", "b"));
  });

  it("carries a marker that the hub knows again, whoever works on it", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    assert.deepEqual(markOf(await leasedTask(agent)), { taskId: id, depth: 0 });
    const other = await hub.test.startAnother();
    assert.deepEqual(other.services.originKeys, hub.test.hub.services.originKeys);
  });

  it("knows what led to it when it was asked for as part of another's work", async () => {
    const agent = await hub.agent();
    const root = await hub.task(agent);
    const child = (await ask(agent, { parentTaskId: root })).body;
    const grandchild = (await ask(agent, { parentTaskId: child.id })).body;
    assert.deepEqual(child.origin, { chain: [root], depth: 1 });
    assert.deepEqual(grandchild.origin, { chain: [root, child.id], depth: 2 });
    const marks = (await hub.lease(agent, { max: 3 })).map(({ task }) => markOf(task));
    assert.deepEqual(marks[2], { taskId: grandchild.id, depth: 2 });
  });

  it("is not the twenty-first of a chain", async () => {
    const agent = await hub.agent();
    let parentTaskId = await hub.task(agent);
    for (let depth = 1; depth <= 20; depth += 1) {
      const { status, body } = await ask(agent, { parentTaskId });
      assert.deepEqual([status, body.origin?.depth], [202, depth]);
      parentTaskId = body.id;
    }
    const { status, body } = await ask(agent, { parentTaskId });
    assert.deepEqual([status, body.errors[0].path], [422, "parentTaskId"]);
    const unknown = await ask(agent, { parentTaskId: "tsk_01h2xcejqtf2nbrexx3vqjhp41" });
    assert.deepEqual([unknown.status, unknown.body.errors[0].path], [422, "parentTaskId"]);
  });

  it("shows the events that it stands for, whatever they say, and tells only its subscriber", async () => {
    const name = await hub.agent();
    const { services } = hub.test.hub;
    const subscriber = (await hub.test.call("POST", "/api/v1/subscribers", { name: "One" })).body.id;
    const projectId = fromWireId("project", hub.test.projectId) ?? "";
    const [row] = await services.db.query<{ id: string }>({ text: "SELECT id FROM agents WHERE name = $1" }, [name]);
    const agent = await services.agents.get(services.db, row?.id ?? "");
    assert.ok(agent !== undefined);
    const id = services.newId();
    const event = { id: services.newId(), type: "push\u0000", deliveryId: "d", receivedAt: new Date(0).toISOString() };
    const scope = services.newId();
    await services.db.transaction((tx) =>
      enqueueTasks(tx, services, [
        {
          id,
          projectId,
          agent,
          input: "All of it",
          priority: 0,
          coalesced: { count: 3, events: [event] },
          subscriberId: fromWireId("subscriber", subscriber) ?? "",
          keys: { order: { scope, key: "a\u0000b\ud800", onFailure: "continue" } },
        },
      ]),
    );
    const leased = await hub.leaseOne(name);
    assert.equal(taskUuid(leased.task.id), id);
    const shown = await hub.read(leased.task.id);
    const { data } = leased.task;
    assert.deepEqual(
      [data["trust"], data["coalesced"], data["coalescedCount"]],
      ["untrusted", shown.coalesced, shown.coalescedCount],
    );
    assert.deepEqual([shown.coalescedCount, shown.coalesced[0].type], [3, "push\u0000"]);
    assert.deepEqual([shown.subscriberId, shown.keys.order.key], [subscriber, "a\u0000b\ud800"]);
    await hub.say(leased, "complete");
    const { body } = await hub.test.call("GET", `/api/v1/messages?limit=1`);
    assert.deepEqual([body.data[0].taskId, body.data[0].subscriberId], [leased.task.id, subscriber]);
  });
});
