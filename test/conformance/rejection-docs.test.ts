import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { rejectionReasons } from "../../src/sources/verification/rejection.ts";

describe("docs/sources.md", () => {
  it("says what each reason of a rejection means", () => {
    const text = readFileSync(new URL("../../docs/sources.md", import.meta.url), "utf8");
    // Those of the last three stand in http/inbound.ts: nothing is verified before them.
    const reasons = [...rejectionReasons, "ip_not_allowed", "payload_too_large", "unsupported_media_type"];
    assert.deepEqual(
      reasons.filter((reason) => !text.includes(`\`${reason}\``)),
      [],
    );
  });
});
