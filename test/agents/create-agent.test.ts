import assert from "node:assert/strict";
import { createAgent } from "../../src/agents/create-agent.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

describe("createAgent", () => {
  let ctx: TestContext;
  before(async () => {
    console.time("ctx");
    ctx = await createTestContext();
    console.timeEnd("ctx");
  });
  after(() => ctx[Symbol.asyncDispose]());
  it("works", async () => {
    console.time("a");
    console.log(await createAgent(ctx, { name: "triage", runner: { type: "pull" } }));
    console.timeEnd("a");
    await assert.rejects(createAgent(ctx, { name: "triage", runner: { type: "pull" } }), { code: "agent_exists" });
  });
});
