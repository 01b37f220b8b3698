import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { originOfMessage } from "../../src/deliveries/origin-of-message.ts";
import { toWireId } from "../../src/lib/ids.ts";
import { originHeader, verifyOriginMarker } from "../../src/lib/origin-marker.ts";

const key = randomBytes(32);
const id = toWireId("task", "019c0000-0000-7000-8000-000000000001");
const timestamp = "2026-01-02T03:04:05.678Z";

function markOf(message: object) {
  const headers = originOfMessage(key, Buffer.from(JSON.stringify(message)));
  const marker = headers[originHeader];
  return marker === undefined ? undefined : verifyOriginMarker([key], marker);
}

describe("The header that says whose doing a message is", () => {
  it("names the task that the message is about, and how many led to it", () => {
    const task = (fields: object) => ({ type: "task.completed", timestamp, data: { task: { id, ...fields } } });
    assert.deepEqual(markOf(task({ agent: "a" })), { taskId: id, depth: 0 });
    assert.deepEqual(markOf(task({ origin: { depth: 3, chain: [] }, agent: "a" })), { taskId: id, depth: 3 });
    assert.deepEqual(markOf(task({ agent: "a", result: { origin: { depth: 3 } } })), { taskId: id, depth: 0 });
  });

  it("is not there for messages about something else, whatever they quote", () => {
    const quoted = { type: "task.completed", timestamp, data: { task: { id } } };
    for (const message of [
      { type: "invoice.paid", timestamp, data: quoted },
      { type: "agent.paused", timestamp, data: { task: { id } } },
      { type: "task.completed", timestamp, data: { quoted } },
    ])
      assert.equal(markOf(message), undefined);
    assert.deepEqual(originOfMessage(key, Buffer.alloc(0)), {});
  });
});
