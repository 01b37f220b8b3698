import assert from "node:assert/strict";
import fc from "fast-check";
import { splitDelivery } from "../../src/sources/split-delivery.ts";
import { compileBatch, readBatch } from "../../src/sources/verification/batch.ts";
import { itemTexts } from "../../src/sources/verification/item-texts.ts";
import { parsePointer } from "../../src/sources/verification/json-pointer.ts";
import type { VerifiedRequest } from "../../src/sources/verify-request.ts";

const batch = compileBatch({
  items: "/events/*",
  deliveryId: { pointer: "/id" },
  eventType: { pointer: "/type" },
});

function split(json: string, rawBody = Buffer.from(json)) {
  const verified: VerifiedRequest = {
    ok: true,
    deliveryId: "d-1",
    eventType: "whole",
    headers: { "user-agent": "sender" },
    contentType: "application/json; charset=utf-8",
    body: JSON.parse(json),
    handshake: undefined,
    answer: undefined,
  };
  return splitDelivery(verified, rawBody, { batch });
}

describe("splitting a delivery", () => {
  it("makes an event of each item, with its own id, type and bytes", () => {
    const items = split(
      '{"more":"}]","events": [ {"id":"a","type":"x","n":12345678901234567890} , {"id":"b" , "s":"\\u0041\\"]"}\n]}',
    );
    assert.deepEqual(
      items.map(({ deliveryId, eventType, rawBody }) => [deliveryId, eventType, rawBody.toString()]),
      [
        ["a", "x", '{"id":"a","type":"x","n":12345678901234567890}'],
        ["b", "whole", '{"id":"b" , "s":"\\u0041\\"]"}'],
      ],
    );
    assert.deepEqual(items[1]?.body, { id: "b", s: 'A"]' });
    assert.equal(items[0]?.contentType, "application/json");
    assert.deepEqual(items[0]?.headers, { "user-agent": "sender" });
  });

  it("names items without an id by the delivery's and their index, so that a repeat is one", () => {
    const ids = split('{"events":[{"type":"x"},{"id":"b"},{"type":"x"}]}').map(({ deliveryId }) => deliveryId);
    assert.deepEqual(ids, ["d-1#0", "b", "d-1#2"]);
  });

  it("tells apart items that share an id and are not the same, whatever their order", () => {
    const idsOf = (items: string) => split(`{"events":[${items}]}`).map(({ deliveryId }) => deliveryId);
    const [first, again, other, alone] = idsOf('{"id":"a","n":1},{"id":"a","n":1},{"id":"a","n":2},{"id":"b"}');
    assert.equal(first, again);
    assert.notEqual(first, other);
    assert.equal(alone, "b");
    assert.deepEqual(idsOf('{"id":"a","n":2},{"id":"a","n":1}'), [other, first]);
  });

  it("keeps whole what is no batch, is empty, or has more than 1,000 items", () => {
    const many = (count: number) => `{"events":[${Array.from({ length: count }, (_, id) => `{"id":${id}}`).join()}]}`;
    for (const json of ['{"events":{}}', '{"events":[]}', '{"type":"x"}', "[]", many(1_001)]) {
      const items = split(json);
      assert.equal(items.length, 1);
      assert.equal(items[0]?.deliveryId, "d-1");
      assert.equal(items[0]?.rawBody.toString(), json);
    }
    assert.equal(split(many(1_000)).length, 1_000);
  });

  it("writes the items anew where a form wraps the JSON", () => {
    const json = '{"events": [ {"id": "a"} ]}';
    const items = split(json, Buffer.from(new URLSearchParams({ payload: json }).toString()));
    assert.equal(items[0]?.rawBody.toString(), '{"id":"a"}');
  });
});

describe("the texts of a batch's items", () => {
  const patterns = ["/*", "/a/*", "/a/*/a/*", "/a/0/*", "/b/1/a/*"];
  // Not the key "\\": after an object with it, V8 13.6 reads "\u0000" for it in the same place of the next one.
  const key = fc.constantFrom("a", "b", "0", "a/b", "\u0000", '"', "a\\", "é");
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.json({ maxDepth: 0 }).map((text) => JSON.parse(text) as unknown),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as unknown),
    ),
  })).value;

  it("are, for any JSON, what JSON.parse finds there", () => {
    fc.assert(
      fc.property(
        tree,
        fc.constantFrom(...patterns),
        fc.constantFrom(undefined, 1, "\t"),
        (document, items, indent) => {
          const json = JSON.stringify(document, undefined, indent);
          const compiled = compileBatch({ items });
          assert.ok(compiled);
          const expected = readBatch(compiled, document, new Map()).map(({ body }) => body);
          const texts = itemTexts(json, [parsePointer(items)]);
          assert.deepEqual(
            texts.map((text) => JSON.parse(text) as unknown),
            expected,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("of a repeated key are those of the last, as JSON.parse reads it", () => {
    assert.deepEqual(itemTexts('{"a":[1],"\\u0061": [ 2 , 3 ]}', [["a", "*"]]), ["2", "3"]);
  });

  it("take one pass, however many items and however deep", () => {
    const deep = `{"a":[${"[".repeat(500)}${"]".repeat(500)}]}`;
    assert.equal(itemTexts(deep, [["a", "*"]])[0]?.length, 1000);
    const long = `{"a":[${"1,".repeat(200_000)}1]}`;
    assert.equal(itemTexts(long, [["a", "*"]]).length, 200_001);
  });
});
