import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { createAgent } from "../../src/agents/create-agent.ts";
import { deleteAgent } from "../../src/agents/delete-agent.ts";
import type { ArtifactFilter } from "../../src/tasks/artifact-store.ts";
import { createTask } from "../../src/tasks/create-task.ts";
import { listArtifacts } from "../../src/tasks/list-artifacts.ts";
import { putArtifact } from "../../src/tasks/put-artifact.ts";
import type { ArtifactUpload } from "../../src/tasks/store-artifact.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, type TestPipeline } from "../support/test-pipeline.ts";

describe("Lists of artifacts", () => {
  let test: TestContext;
  let pipeline: TestPipeline;
  before(async () => {
    test = await createTestContext();
    pipeline = await createTestPipeline(test);
  });
  after(() => test[Symbol.asyncDispose]());

  const list = async (ctx: Context, filter: ArtifactFilter) =>
    (await listArtifacts(ctx, filter, { limit: 200 })).data.map((artifact) => artifact.name);

  async function make(ctx: Context, agent: string, uploads: readonly Partial<ArtifactUpload>[]): Promise<string> {
    const { taskId } = await createTask(pipeline.with(ctx), { agent, input: "Do it" });
    const leased = await pipeline.lease(ctx, agent);
    const claim = pipeline.claim(ctx, leased);
    for (const upload of uploads)
      await putArtifact(pipeline.with(ctx), claim, {
        name: "a",
        contentType: "text/plain",
        content: Buffer.from("x"),
        ...upload,
      });
    await pipeline.complete(ctx, leased, 1);
    return taskId;
  }

  it("are of a kind of media, a task, an agent, a name, a path", async () => {
    const ctx = await test.inAnotherProject();
    for (const name of ["one", "two"]) await createAgent(ctx, { name, runner: { type: "pull" } });
    const taskId = await make(ctx, "one", [
      { name: "a.md", contentType: "text/markdown; charset=utf-8", path: "reports/2026/a.md" },
      { name: "a_b.html", contentType: "TEXT/HTML", path: "reports/2025/a.html" },
      { name: "100%.json", contentType: "application/json", path: "raw/100%.json" },
    ]);
    await make(ctx, "two", [
      { name: "aXb.txt", contentType: "text" },
      { name: "100x.png", contentType: "image/png" },
    ]);
    assert.deepEqual(await list(ctx, { contentType: "text/*" }), ["aXb.txt", "a_b.html", "a.md"]);
    assert.deepEqual(await list(ctx, { contentType: "image/*", agent: "two" }), ["100x.png"]);
    assert.deepEqual(await list(ctx, { taskId }), ["100%.json", "a_b.html", "a.md"]);
    assert.deepEqual(await list(ctx, { taskId, contentType: "text/*" }), ["a_b.html", "a.md"]);
    assert.deepEqual(await list(ctx, { name: "a_" }), ["a_b.html"]);
    assert.deepEqual(await list(ctx, { name: "100%" }), ["100%.json"]);
    assert.deepEqual(await list(ctx, { name: "\\" }), []);
    assert.deepEqual(await list(ctx, { path: "reports/" }), ["a_b.html", "a.md"]);
    assert.deepEqual(await list(ctx, { path: "reports/2026/", contentType: "text/markdown" }), ["a.md"]);
    assert.deepEqual(await list(ctx, { path: "ports" }), []);
    assert.deepEqual(await list(await test.inAnotherProject(), { taskId }), []);
  });

  it("are of a time, and of an agent whose name another has now", async () => {
    const ctx = await test.inAnotherProject();
    const made = await createAgent(ctx, { name: "one", runner: { type: "pull" } });
    await make(ctx, "one", [{ name: "old" }]);
    test.clock.advanceBy(60);
    const middle = new Date(test.clock.now());
    await deleteAgent(ctx, made.id);
    await createAgent(ctx, { name: "one", runner: { type: "pull" } });
    await make(ctx, "one", [{ name: "new" }]);
    assert.deepEqual(await list(ctx, { createdAfter: middle }), ["new"]);
    assert.deepEqual(await list(ctx, { createdBefore: middle }), ["old"]);
    assert.deepEqual(await list(ctx, { createdAfter: middle, createdBefore: middle }), []);
    assert.deepEqual(await list(ctx, { agent: "one" }), ["new", "old"]);
    assert.deepEqual(await list(ctx, { agent: made.id }), ["old"]);
  });
});
