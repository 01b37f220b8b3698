import assert from "node:assert/strict";
import { v7 } from "uuid";
import { decodeCursor, encodeCursor, pageOf } from "../../src/lib/cursor.ts";
import { toWireId } from "../../src/lib/ids.ts";

describe("A cursor", () => {
  it("gives back the uuid of its list", () => {
    const uuid = v7();
    assert.equal(decodeCursor("event", encodeCursor(toWireId("event", uuid))), uuid);
    assert.equal(decodeCursor("audit", encodeCursor(uuid)), uuid);
  });

  it("is nothing to another list, and neither is any other text", () => {
    const cursor = encodeCursor(toWireId("event", v7()));
    assert.equal(decodeCursor("task", cursor), undefined);
    assert.equal(decodeCursor("audit", cursor), undefined);
    assert.equal(decodeCursor("event", encodeCursor(v7())), undefined);
    for (const text of [
      "",
      "x",
      "💥",
      `${cursor}=`,
      ` ${cursor}`,
      `${cursor}!`,
      cursor.slice(0, -1),
      encodeCursor("' OR 1"),
    ])
      for (const kind of ["event", "audit"] as const) assert.equal(decodeCursor(kind, text), undefined, text);
  });
});

describe("A page", () => {
  const rows = ["c", "b", "a"].map((id) => ({ id }));
  const idOf = (row: { id: string }): string => row.id;

  it("names the next one only when a row was left over", () => {
    assert.deepEqual(pageOf(rows, 3, idOf), { data: rows });
    assert.deepEqual(pageOf(rows, 2, idOf), { data: rows.slice(0, 2), nextCursor: encodeCursor("b") });
    assert.deepEqual(pageOf([], 2, idOf), { data: [] });
  });
});
