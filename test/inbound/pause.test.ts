import assert from "node:assert/strict";
import { fromWireId } from "../../src/lib/ids.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { github, newDeliveryId, openSource, type SenderSource, storedOf } from "./senders.ts";

describe("a paused source", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
    await test.call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" } });
    const route = { name: "all", agent: "triager", task: { input: "${event.deliveryId}" } };
    assert.equal((await test.call("POST", "/api/v1/routes", route)).status, 201);
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  const intakeOf = async ({ id }: SenderSource): Promise<string> =>
    (await test.call("GET", `/api/v1/sources/${id}`)).body.intake;

  async function change({ id }: SenderSource, verb: "pause" | "resume", call = test.call): Promise<number> {
    return (await call("POST", `/api/v1/sources/${id}/${verb}`)).status;
  }

  /** The tasks of a source, in the order in which they were made; each as the delivery that it is of. */
  async function tasksOf({ id }: SenderSource): Promise<string[]> {
    const rows = await test.hub.services.db.query<{ input: string }>(
      { text: "SELECT input FROM tasks WHERE event ->> 'sourceId' = $1 ORDER BY id" },
      [fromWireId("source", id)],
    );
    return rows.map((row) => row.input);
  }

  async function sendMany(source: SenderSource, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, newDeliveryId);
    for (const id of ids) assert.equal(storedOf(await source.send({ id })).duplicate, false);
    return ids;
  }

  it("answers its senders as ever, stores their events, and routes none of them", async () => {
    const source = await openSource(test, github);
    assert.equal(await intakeOf(source), "open");
    const before = await sendMany(source, 2);
    assert.equal(await change(source, "pause"), 200);
    assert.equal(await intakeOf(source), "paused");
    const [id = ""] = await sendMany(source, 3);
    assert.equal(storedOf(await source.send({ id })).duplicate, true);
    assert.equal((await source.send({ secret: github.otherSecret })).status, 401);
    await test.hub.processAll();
    assert.deepEqual(await tasksOf(source), before);
    const events = await test.call("GET", `/api/v1/events?sourceId=${source.id}`);
    assert.equal(events.body.data.length, 5);
  });

  it("routes what it held once it goes on, in order, and then what comes in", async () => {
    const source = await openSource(test, github);
    await change(source, "pause");
    // More than one batch.
    const held = await sendMany(source, 520);
    assert.equal(await change(source, "resume"), 200);
    const behind = await sendMany(source, 3);
    await test.hub.processAll();
    assert.equal(await intakeOf(source), "open");
    const after = await sendMany(source, 2);
    assert.deepEqual(await tasksOf(source), [...held, ...behind, ...after]);
  });

  it("routes each event once and in order while it goes on under load, with two hubs at work", async () => {
    const another = await test.startAnother();
    const source = await openSource(test, github);
    await change(source, "pause");
    const held = await sendMany(source, 120);
    await change(source, "resume");
    const released = Promise.all([test.hub.processAll(), another.processAll()]);
    const behind = await sendMany(source, 60);
    await released;
    await eventually(async () => {
      await Promise.all([test.hub.processAll(), another.processAll()]);
      assert.equal(await intakeOf(source), "open");
    });
    const tasks = await tasksOf(source);
    assert.deepEqual(tasks, [...held, ...behind]);
    await another.stop();
  });

  it("opens while its senders never stop, and loses and doubles nothing", async () => {
    const source = await openSource(test, github);
    await change(source, "pause");
    const held = await sendMany(source, 20);
    await change(source, "resume");
    const open = new AbortController();
    const sending = Array.from({ length: 6 }, async () => {
      const ids: string[] = [];
      while (!open.signal.aborted && ids.length < 1_000) ids.push(...(await sendMany(source, 1)));
      return ids;
    });
    await eventually(async () => assert.equal(await intakeOf(source), "open"));
    open.abort();
    const sent = (await Promise.all(sending)).flat();
    const tasks = await tasksOf(source);
    assert.deepEqual(tasks.slice(0, held.length), held);
    assert.deepEqual(tasks.slice(held.length).toSorted(), sent.toSorted());
  });

  it("can be paused again before all has been routed, and holds the rest", async () => {
    const source = await openSource(test, github);
    await change(source, "pause");
    const held = await sendMany(source, 3);
    await change(source, "resume");
    await change(source, "pause");
    await test.hub.processAll();
    const [more = ""] = await sendMany(source, 1);
    await change(source, "resume");
    await test.hub.processAll();
    assert.deepEqual(await tasksOf(source), [...held, more]);
  });

  it("routes by the routes that there are when it goes on", async () => {
    const source = await openSource(test, github);
    await change(source, "pause");
    const [id = ""] = await sendMany(source, 1);
    const own = { name: "later", sourceId: source.id, agent: "triager", task: { input: "later" } };
    assert.equal((await test.call("POST", "/api/v1/routes", own)).status, 201);
    await change(source, "resume");
    await test.hub.processAll();
    assert.deepEqual((await tasksOf(source)).toSorted(), [id, "later"].toSorted());
  });

  it("forgets what it held when it is deleted; the events stay", async () => {
    const source = await openSource(test, github);
    await change(source, "pause");
    await sendMany(source, 2);
    assert.equal((await test.call("DELETE", `/api/v1/sources/${source.id}`)).status, 204);
    await test.hub.processAll();
    assert.deepEqual(await tasksOf(source), []);
    const held = await test.hub.services.db.query({ text: "SELECT FROM held_events WHERE source_id = $1" }, [
      fromWireId("source", source.id),
    ]);
    assert.deepEqual(held, []);
  });

  it("is paused and resumed by operators, of the same project, and the audit log says so once", async () => {
    const source = await openSource(test, github);
    const [operator, viewer] = [test.as(await test.keyFor("operator")), test.as(await test.keyFor("viewer"))];
    assert.equal(await change(source, "pause", viewer), 403);
    assert.equal(await change(source, "pause", await test.inAnotherProject()), 404);
    for (const _ of [1, 2]) assert.equal(await change(source, "pause", operator), 200);
    for (const _ of [1, 2]) assert.equal(await change(source, "resume", operator), 200);
    const { data } = (await test.call("GET", "/api/v1/audit")).body;
    const actions = data.filter(({ target }: { target: string }) => target === source.id);
    assert.deepEqual(
      actions.map(({ action }: { action: string }) => action),
      ["source.resume", "source.pause", "source.create"],
    );
  });
});
