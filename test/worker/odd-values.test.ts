import assert from "node:assert/strict";
import { startReceiver } from "../support/receiver.ts";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

function nested(depth: number): unknown {
  let value: unknown = "core";
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}

// What JSON can say and a database may choke on. The comment is what jsonb makes of it.
const odd: Readonly<Record<string, unknown>> = {
  "a NUL character": { text: "a\u0000b", "key\u0000": 1 }, // 22P05
  "half of a surrogate pair": ["\ud800", "x\udc00y", { "\udfff": 1 }], // 22P02
  "a pair of surrogates": "😀\u2028\u2029",
  "the largest and smallest numbers": [1.7976931348623157e308, 5e-324, -0.1, Number.MAX_SAFE_INTEGER],
  "a prototype's name": JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}'),
  "many levels": nested(90),
  "a long text": "x".repeat(500_000),
  "control characters": "\u0001\u001f\u007f\r\n\t\b",
  "an array of arrays": [[], [[]], {}],
  "an empty text": "",
  no: false,
  "a number": 0,
};

describe("What a worker says comes back as it was said", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const leased = async (): Promise<Leased> => {
    const agent = await hub.agent();
    await hub.task(agent);
    return await hub.leaseOne(agent);
  };

  for (const [what, value] of Object.entries(odd))
    it(`with ${what}`, async () => {
      await using receiver = await startReceiver();
      const endpoint = { url: receiver.url, eventTypes: ["task.completed"] };
      const { id: endpointId } = (await hub.test.call("POST", "/api/v1/endpoints", endpoint)).body;
      const work = await leased();
      const usage = { value };
      assert.equal((await hub.say(work, "heartbeat", { progress: value, usage })).status, 200);
      assert.equal((await hub.say(work, "events", { events: [{ seq: 1, type: "odd", data: value }] })).status, 200);
      let task = await hub.read(work.task.id);
      assert.deepEqual([task.progress, task.usage.value], [value, value]);
      assert.equal((await hub.say(work, "complete", { result: value })).status, 200);
      task = await hub.read(work.task.id);
      assert.deepEqual([task.result, task.attempts[0].usage.value], [value, value]);
      const events = await hub.test.call("GET", `/api/v1/tasks/${work.task.id}/events`);
      assert.deepEqual(events.body.data[0].data, value);
      const [request] = await receiver.until(1);
      assert.deepEqual(JSON.parse(request?.body ?? "").data.task.result, value);
      await hub.test.call("DELETE", `/api/v1/endpoints/${endpointId}`);
    });

  it("or is no result at all", async () => {
    for (const fields of [{}, { result: null }]) {
      const work = await leased();
      assert.equal((await hub.say(work, "complete", fields)).status, 200);
      assert.equal("result" in (await hub.read(work.task.id)), false);
    }
  });

  it("in an error as well", async () => {
    const work = await leased();
    const error = { code: "b\u0000d", message: "\ud800 \u0000 \u2028" };
    assert.equal((await hub.say(work, "fail", { error, retryable: false })).status, 200);
    assert.deepEqual((await hub.read(work.task.id)).error, error);
    const retried = await leased();
    assert.equal((await hub.say(retried, "fail", { error, retryable: true })).status, 200);
    assert.deepEqual((await hub.read(retried.task.id)).attempts[0].error, error);
  });

  it("or is refused, and then nothing was done", async () => {
    const work = await leased();
    const before = await hub.stored(work.task.id);
    const path = `/api/v1/worker/tasks/${work.task.id}/complete`;
    const send = async (text: string): Promise<readonly unknown[]> => {
      const body = Buffer.from(text.replace("TOKEN", JSON.stringify(work.leaseToken)));
      const answer = await hub.test.call("POST", path, body, { "content-type": "application/json" });
      return [answer.status, answer.body.code];
    };
    const deep = (depth: number): string => `{"leaseToken": TOKEN, "result": ${"[".repeat(depth)}${"]".repeat(depth)}}`;
    assert.deepEqual(await send(deep(101)), [400, "malformed_body"]);
    assert.deepEqual(await send(deep(50_000)), [400, "malformed_body"]);
    assert.deepEqual(await send('{"leaseToken": TOKEN, "result": 1e999999}'), [422, "invalid"]);
    assert.deepEqual(await send('{"leaseToken": TOKEN, "result": NaN}'), [400, "malformed_body"]);
    assert.deepEqual(await send('{"leaseToken": TOKEN, "usage": 1}'), [422, "invalid"]);
    assert.deepEqual(await send('{"leaseToken": "\\u0000"}'), [422, "invalid"]);
    assert.deepEqual(await send('{"leaseToken": TOKEN, "result": 1, "more": 1}'), [422, "invalid"]);
    assert.deepEqual(await send(`{"leaseToken": TOKEN, "result": "${"x".repeat(1_048_576)}"}`), [
      413,
      "payload_too_large",
    ]);
    const invalidUtf8 = Buffer.concat([Buffer.from('{"result": "'), Buffer.from([0xff]), Buffer.from('"}')]);
    const headers = { "content-type": "application/json" };
    assert.equal((await hub.test.call("POST", path, invalidUtf8, headers)).status, 400);
    assert.equal((await hub.test.call("POST", path, Buffer.from("x"), { "content-type": "text/plain" })).status, 415);
    assert.deepEqual(await hub.stored(work.task.id), before);
    assert.equal((await send(deep(98)))[0], 200);
  });
});
