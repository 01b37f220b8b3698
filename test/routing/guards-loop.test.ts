import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { toWireId } from "../../src/lib/ids.ts";
import { createOriginMarker, originMarkerText } from "../../src/lib/origin-marker.ts";
import { findOrigin, manyMarkers } from "../../src/routing/guards/find-origin.ts";
import { holdOf } from "../../src/routing/guards/hold-of.ts";
import { eventDocument } from "./event-document.ts";

const key = randomBytes(32);
const task = toWireId("task", "019c0000-0000-7000-8000-000000000001");
const otherTask = toWireId("task", "019c0000-0000-7000-8000-000000000002");
const marker = createOriginMarker(key, task, 2);
const text = originMarkerText(marker);

function found(body: string, headers: Record<string, string> = {}, keys: readonly Buffer[] = [key]) {
  return findOrigin(keys, headers, Buffer.from(body));
}

describe("The loop guard", () => {
  it("finds the hub's own marker anywhere in a body, and in the header", () => {
    const expected = { taskId: task, depth: 2 };
    assert.deepEqual(found(JSON.stringify({ comment: { body: `Done.\n\n<!-- ${text} -->` } })), expected);
    assert.deepEqual(found(text), expected);
    assert.deepEqual(found(`payload=${encodeURIComponent(`{"text":"${text}"}`)}`), expected);
    assert.deepEqual(found("{}", { "hookyard-origin": marker }), expected);
    assert.deepEqual(found("{}", { "hookyard-origin": `v1.nonsense, ${marker}` }), expected);
    assert.deepEqual(found("{}", { "hookyard-origin": text }), expected);
  });

  it("finds it with a key that has been retired", () => {
    assert.deepEqual(found(text, {}, [randomBytes(32), key]), { taskId: task, depth: 2 });
  });

  it("ignores what this hub did not sign", () => {
    const forged = [
      createOriginMarker(randomBytes(32), task, 0),
      marker.replace(task, otherTask),
      marker.replace(".2.", ".0."),
      marker.slice(0, -1),
      `${marker.slice(0, -2)}AA`,
      "v1",
      "",
    ];
    for (const each of forged) {
      assert.equal(found(originMarkerText(each)), undefined, each);
      assert.equal(found("{}", { "hookyard-origin": each }), undefined, each);
    }
  });

  it("takes the deepest of several, whatever stands before them", () => {
    const forged = originMarkerText(createOriginMarker(randomBytes(32), otherTask, 9));
    const deeper = originMarkerText(createOriginMarker(key, otherTask, 4));
    assert.deepEqual(found(`${forged} ${text} ${deeper}`), { taskId: otherTask, depth: 4 });
    assert.deepEqual(found(deeper, { "hookyard-origin": marker }), { taskId: otherTask, depth: 4 });
  });

  it("holds an event in which so many stand that a genuine one might not be reached", () => {
    const decoys = Array.from({ length: 300 }, (_, depth) =>
      originMarkerText(createOriginMarker(randomBytes(32), task, depth)),
    );
    assert.equal(found(`${decoys.join(" ")} ${text}`), manyMarkers);
    const hold = holdOf({ loops: { allowMarked: true, maxDepth: 20 } }, eventDocument({}), manyMarkers);
    assert.equal(hold?.reason, "loop_marker");
  });

  it("takes no time over a large body, and little over one made to be slow", () => {
    for (const word of ["kyard-origin", "hookyard-origin:", "hookyard-origin:v1.tsk_", "k", "kyard-origi"]) {
      const body = Buffer.alloc(1_000_000, word);
      const startMs = performance.now();
      findOrigin([key], {}, body);
      assert.ok(performance.now() - startMs < 20, word);
    }
  });

  const route = (loops: { allowMarked?: boolean; maxDepth?: number }) => ({
    loops: { allowMarked: false, maxDepth: 5, ...loops },
  });
  const reason = (loops: object, depth: number) =>
    holdOf(route(loops), eventDocument({}), { taskId: task, depth })?.reason;

  it("holds every marked event unless the route allows them, and then those too deep", () => {
    assert.equal(reason({}, 0), "loop_marker");
    assert.equal(reason({ allowMarked: true }, 4), undefined);
    assert.equal(reason({ allowMarked: true }, 5), "depth");
    assert.equal(reason({ allowMarked: true, maxDepth: 1 }, 0), undefined);
    assert.equal(reason({ allowMarked: true, maxDepth: 1 }, 1), "depth");
    assert.equal(holdOf(route({}), eventDocument({}), undefined), undefined);
  });

  it("comes before the actors", () => {
    const guarded = { ...route({}), actors: { allow: ["nobody"] } };
    assert.equal(holdOf(guarded, eventDocument({}), { taskId: task, depth: 0 })?.reason, "loop_marker");
    assert.equal(holdOf(guarded, eventDocument({}), undefined)?.reason, "actor");
  });
});
