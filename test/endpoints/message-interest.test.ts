import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { createEndpoint, type NewEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { deleteEndpoint } from "../../src/endpoints/delete-endpoint.ts";
import { MessageInterest } from "../../src/endpoints/message-interest.ts";
import { updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { uuidOf } from "../support/test-pipeline.ts";

async function addEndpoint(ctx: Context, fields: Partial<NewEndpoint> = {}): Promise<string> {
  const { id } = await createEndpoint(ctx, { url: "https://receiver.example/hook", ...fields });
  return uuidOf("endpoint", id);
}

describe("the interest in a type of message", () => {
  let ctx: TestContext;
  let interest: MessageInterest;
  before(async () => {
    ctx = await createTestContext();
    interest = new MessageInterest(ctx);
  });
  after(() => ctx[Symbol.asyncDispose]());

  const wants = async (project: Context, ...types: readonly string[]): Promise<boolean[]> =>
    await Promise.all(types.map((type) => interest.wants(ctx.db, project.actor.projectId, type)));

  it("is that of the project's endpoints, also of those that are off, and follows them at once", async () => {
    assert.deepEqual(await wants(ctx, "task.working", "task.failed"), [false, false]);
    const working = await addEndpoint(ctx, { eventTypes: ["task.working"] });
    const failed = await addEndpoint(ctx, { eventTypes: ["task.failed", "task.canceled"] });
    assert.deepEqual(await wants(ctx, "task.working", "task.failed", "task"), [true, true, false]);
    await updateEndpoint(ctx, working, { disabled: true });
    assert.deepEqual(await wants(ctx, "task.working", "task.failed"), [true, true]);
    await deleteEndpoint(ctx, failed);
    assert.deepEqual(await wants(ctx, "task.working", "task.failed"), [true, false]);
  });

  it("is in what a pattern fits", async () => {
    const other = await ctx.inAnotherProject();
    await addEndpoint(other, { eventTypes: ["task.*", "*.paid", "a-b_c"] });
    const types = [
      "task.working",
      "task.",
      "task",
      "taskxworking",
      "invoice.paid",
      "invoice.paid.now",
      "a-b_c",
      "a-bxc",
    ];
    assert.deepEqual(await wants(other, ...types), [true, true, false, false, true, false, true, false]);
  });

  it("is in everything where an endpoint names no types, and never in another project's", async () => {
    const [other, third] = [await ctx.inAnotherProject(), await ctx.inAnotherProject()];
    await addEndpoint(other, { eventTypes: ["task.working"] });
    const all = await addEndpoint(other);
    assert.deepEqual(await wants(other, "task.working", "whatever"), [true, true]);
    assert.deepEqual(await wants(third, "task.working"), [false]);
    await updateEndpoint(other, all, { eventTypes: ["task.failed"] });
    assert.deepEqual(await wants(other, "task.working", "whatever", "task.failed"), [true, false, true]);
  });
});
