import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";

describe("operating many deliveries", () => {
  let test: TestHub;
  let receiver: Receiver;
  let status = 200;
  const start = new Date();
  before(async () => {
    test = await startTestHub({ settings: { deliveries: { retryScheduleSeconds: [] } } });
    receiver = await startReceiver(() => ({ status }));
  });
  beforeEach(() => (status = 200));
  after(async () => {
    await test[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  const endpoint = async (fields: object): Promise<string> => {
    const answer = await test.call("POST", "/api/v1/endpoints", { url: receiver.url, ...fields });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.id;
  };
  const publish = async (type: string, count = 1): Promise<string[]> => {
    const made: string[] = [];
    for (let index = 0; index < count; index += 1)
      made.push((await test.call("POST", "/api/v1/messages", { type, data: { index } })).body.id);
    await test.hub.processAll();
    return made;
  };
  const list = async (query: string): Promise<{ id: string; state: string; held?: boolean }[]> =>
    (await test.call("GET", `/api/v1/deliveries?limit=200&${query}`)).body.data;
  const act = async (path: string, body?: object): Promise<TestAnswer> =>
    await test.call("POST", `/api/v1/${path}`, body);
  /** Begins a bulk operation and answers with what it says of itself at its end. */
  const finish = async (path: string, body?: object) => {
    const begun = await act(path, body);
    assert.equal(begun.status, 202, JSON.stringify(begun.body));
    await test.hub.processAll();
    return (await test.call("GET", `/api/v1/bulk-operations/${begun.body.id}`)).body;
  };
  const since = start.toISOString();

  it("recovers what failed since a time, and nothing else", async () => {
    const id = await endpoint({ eventTypes: ["rec.a"] });
    await publish("rec.a", 2);
    status = 500;
    await publish("rec.a", 3);
    status = 200;
    const before = receiver.requests.length;
    const early = await finish(`endpoints/${id}/recover`, { since: "2020-01-01T00:00:00Z", until: since });
    assert.deepEqual([early.state, early.total, early.done], ["completed", 0, 0]);
    const done = await finish(`endpoints/${id}/recover`, { since });
    assert.deepEqual([done.kind, done.state, done.total, done.done, done.skipped], ["recover", "completed", 3, 3, 0]);
    assert.equal(receiver.requests.length - before, 3);
    assert.deepEqual(
      (await list(`endpointId=${id}`)).map((each) => each.state),
      Array(5).fill("succeeded"),
    );
  });

  it("replays what an endpoint never got, once, and all of it when asked", async () => {
    await publish("rep.a", 3);
    const others = await publish("rep.b");
    const id = await endpoint({ eventTypes: ["rep.*"] });
    const first = await finish(`endpoints/${id}/replay`, { since, eventTypes: ["rep.a"] });
    assert.deepEqual([first.total, first.done], [3, 3]);
    const second = await finish(`endpoints/${id}/replay`, { since });
    assert.deepEqual([second.total, second.done], [1, 1]);
    assert.equal(receiver.requests.filter(({ headers }) => headers["webhook-id"] === others[0]).length, 1);
    assert.equal((await finish(`endpoints/${id}/replay`, { since })).total, 0);
    const again = await finish(`endpoints/${id}/replay`, { since, all: true });
    assert.equal(again.done, 4);
    assert.equal((await list(`endpointId=${id}`)).length, 4, "a message has one delivery to an endpoint");
    assert.equal(receiver.requests.filter(({ headers }) => headers["webhook-id"] === others[0]).length, 2);
  });

  it("cancels what is pending", async () => {
    const id = await endpoint({ eventTypes: ["can.a"], retry: { scheduleSeconds: [3600] } });
    status = 500;
    await publish("can.a", 3);
    const done = await finish(`endpoints/${id}/cancel-pending`);
    assert.deepEqual([done.kind, done.total, done.done], ["cancel", 3, 3]);
    assert.deepEqual((await list(`endpointId=${id}&state=canceled`)).length, 3);
  });

  it("holds what comes while an endpoint is off, and sends it when it is on again, if asked", async () => {
    const ids = [await endpoint({ eventTypes: ["hold.a"] }), await endpoint({ eventTypes: ["hold.a"] })];
    for (const id of ids) await act(`endpoints/${id}/disable`);
    const before = receiver.requests.length;
    const published = await publish("hold.a", 2);
    assert.equal(receiver.requests.length, before);
    const [asked = "", unasked = ""] = ids;
    const held = await list(`endpointId=${asked}`);
    assert.deepEqual(
      held.map((each) => [each.state, each.held]),
      [
        ["pending", true],
        ["pending", true],
      ],
    );
    assert.equal((await act(`deliveries/${held[0]?.id}/retry`)).body.code, "endpoint_disabled");
    assert.equal((await act(`endpoints/${asked}/recover`, { since })).body.code, "endpoint_disabled");

    assert.equal((await act(`endpoints/${asked}/enable`, { deliverPending: true })).body.disabled, false);
    assert.equal((await act(`endpoints/${unasked}/enable`)).status, 200);
    await test.hub.processAll();
    const got = receiver.requests.slice(before).map(({ headers }) => headers["webhook-id"]);
    assert.deepEqual(new Set(got), new Set(published));
    assert.equal(got.length, 2);
    assert.deepEqual((await list(`endpointId=${asked}&state=succeeded`)).length, 2);
    assert.deepEqual((await list(`endpointId=${unasked}&state=canceled&outcome=endpoint_disabled`)).length, 2);
  });

  it("sends one message again, to all or to one", async () => {
    const [first, second] = [await endpoint({ eventTypes: ["one.a"] }), await endpoint({ eventTypes: ["one.b"] })];
    const [message = ""] = await publish("one.a");
    const again = await act(`messages/${message}/resend`);
    assert.deepEqual([again.status, again.body.data.length, again.body.data[0].endpointId], [202, 1, first]);
    const other = await act(`messages/${message}/resend`, { endpointId: second });
    assert.deepEqual([other.status, other.body.data.length, other.body.data[0].endpointId], [202, 1, second]);
    await test.hub.processAll();
    const got = receiver.requests.filter(({ headers }) => headers["webhook-id"] === message);
    assert.equal(got.length, 3);
    assert.equal(new Set(got.map(({ body }) => body)).size, 1, "the bytes are the same");
    await act(`endpoints/${second}/disable`);
    assert.equal((await act(`messages/${message}/resend`, { endpointId: second })).body.code, "no_endpoint");
  });

  it("sends a test to one endpoint alone, with the example of a type", async () => {
    const id = await endpoint({ eventTypes: ["nothing.else"] });
    await endpoint({ eventTypes: ["endpoint.test", "try.a"] });
    const before = receiver.requests.length;
    const sent = await act(`endpoints/${id}/test`);
    assert.deepEqual([sent.status, sent.body.endpointId, sent.body.state], [202, id, "pending"]);
    await act("event-types", { name: "try.a", example: { amount: 1 } });
    await act("event-types", { name: "try.b" });
    assert.equal((await act(`endpoints/${id}/test`, { eventType: "try.a" })).status, 202);
    assert.equal((await act(`endpoints/${id}/test`, { eventType: "try.b" })).body.code, "no_example");
    await test.hub.processAll();
    const bodies = receiver.requests.slice(before).map(({ body }) => JSON.parse(body));
    assert.deepEqual(new Set(bodies.map(({ type }) => type)), new Set(["endpoint.test", "try.a"]));
    assert.equal(bodies.length, 2);
    assert.deepEqual(bodies.find(({ type }) => type === "try.a")?.data, { amount: 1 });
  });

  it("goes at a rate, shows how far it is, and can be stopped", async () => {
    const id = await endpoint({ eventTypes: ["slow.a"] });
    status = 500;
    await publish("slow.a", 4);
    const begun = await act(`endpoints/${id}/recover`, { since, ratePerSecond: 1 });
    await test.hub.processAll();
    const path = `bulk-operations/${begun.body.id}`;
    const half = (await test.call("GET", `/api/v1/${path}`)).body;
    assert.deepEqual([half.state, half.total, half.done], ["running", 4, 1]);
    assert.equal((await act(`${path}/cancel`)).body.state, "canceled");
    assert.equal((await act(`${path}/cancel`)).body.code, "operation_finished");
    test.clock.advanceBy(60);
    await test.hub.processAll();
    assert.equal((await test.call("GET", `/api/v1/${path}`)).body.done, 1);
    const [newest] = (await test.call("GET", "/api/v1/bulk-operations?limit=1")).body.data;
    assert.equal(newest.id, begun.body.id);
    const other = await test.inAnotherProject();
    assert.equal((await other("GET", `/api/v1/${path}`)).status, 404);
    assert.equal((await other("POST", `/api/v1/endpoints/${id}/recover`, { since })).status, 404);
  });

  it("refuses spans that are none, and roles that may not", async () => {
    const id = await endpoint({ eventTypes: ["none"] });
    for (const body of [{}, { since: "yesterday" }, { since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" }]) {
      const answer = await act(`endpoints/${id}/recover`, body);
      assert.deepEqual([answer.status, answer.body.errors[0].path], [422, "since"]);
    }
    const viewer = test.as(await test.keyFor("viewer"));
    for (const verb of ["recover", "replay", "cancel-pending"])
      assert.equal((await viewer("POST", `/api/v1/endpoints/${id}/${verb}`, { since })).status, 403);
  });

  it("finds deliveries by type, status, outcome and time", async () => {
    const id = await endpoint({ eventTypes: ["find.*"] });
    await publish("find.a", 2);
    status = 503;
    await publish("find.b", 2);
    for (const [query, count] of [
      ["type=find.a", 2],
      [`type=find.b&state=failed`, 2],
      ["type=find.b&state=succeeded", 0],
      ["status=503", 2],
      [`status=200&endpointId=${id}`, 2],
      [`outcome=http_5xx&type=find.b`, 2],
      [`endpointId=${id}&outcome=succeeded&type=find.a`, 2],
      [`endpointId=${id}&after=${since}`, 4],
      [`endpointId=${id}&before=${since}`, 0],
      [`endpointId=${id}&after=2999-01-01T00:00:00Z`, 0],
    ] as const)
      assert.equal((await list(query)).length, count, query);
    const first = (await test.call("GET", "/api/v1/deliveries?type=find.b&limit=1")).body;
    const second = (await test.call("GET", `/api/v1/deliveries?type=find.b&limit=1&cursor=${first.nextCursor}`)).body;
    assert.notEqual(first.data[0].id, second.data[0].id);
    assert.equal(second.nextCursor, undefined);
    for (const query of ["status=99", "outcome=A", "after=x", "type="])
      assert.equal((await test.call("GET", `/api/v1/deliveries?${query}`)).status, query === "type=" ? 200 : 422);
  });
});
