import assert from "node:assert/strict";
import fc from "fast-check";
import { TypeID } from "typeid-js";
import { fromWireId, toWireId } from "../../src/lib/ids.ts";

describe("wire ids", () => {
  it("are the TypeIDs that the library makes, and lead back to their uuids", () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const wireId = toWireId("task", uuid);
        assert.equal(wireId, TypeID.fromUUID("tsk", uuid).toString());
        assert.equal(fromWireId("task", wireId), uuid);
      }),
    );
  });

  it("reach from the first uuid to the last", () => {
    const [first, last] = ["0", "f"].map((digit) =>
      toWireId("event", "00000000-0000-0000-0000-000000000000".replaceAll("0", digit)),
    );
    assert.deepEqual([first, last], ["evt_00000000000000000000000000", "evt_7zzzzzzzzzzzzzzzzzzzzzzzzz"]);
  });
});
