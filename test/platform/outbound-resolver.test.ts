import assert from "node:assert/strict";
import { systemResolver } from "../../src/platform/resolve-outbound-addresses.ts";

describe("the system's resolver", () => {
  it("asks once for a name that is already being asked for, and anew afterwards", async () => {
    const resolve = systemResolver();
    const first = resolve("localhost");
    assert.equal(resolve("localhost"), first);
    const addresses = await first;
    assert.ok(addresses.some(({ address }) => address === "127.0.0.1" || address === "::1"));
    assert.notEqual(resolve("localhost"), first);
  });

  it("does not keep a failure", async () => {
    const resolve = systemResolver();
    const first = resolve("name.invalid");
    await assert.rejects(first);
    const second = resolve("name.invalid");
    assert.notEqual(second, first);
    await assert.rejects(second);
  });
});
