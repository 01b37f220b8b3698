import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { createAgent } from "../../src/agents/create-agent.ts";
import { toWireId } from "../../src/lib/ids.ts";
import type { ArtifactFilter } from "../../src/tasks/artifact-store.ts";
import { createTask } from "../../src/tasks/create-task.ts";
import { getArtifactContent } from "../../src/tasks/get-artifact-content.ts";
import { getArtifact } from "../../src/tasks/get-artifact.ts";
import { listArtifacts } from "../../src/tasks/list-artifacts.ts";
import { putArtifact } from "../../src/tasks/put-artifact.ts";
import { readPages } from "../support/read-pages.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, type TestPipeline, uuidOf } from "../support/test-pipeline.ts";

describe("Artifacts", () => {
  let test: TestContext;
  let pipeline: TestPipeline;
  before(async () => {
    test = await createTestContext();
    pipeline = await createTestPipeline(test);
  });
  after(() => test[Symbol.asyncDispose]());

  const list = async (ctx: Context, filter: ArtifactFilter) =>
    (await listArtifacts(ctx, filter, { limit: 200 })).data.map((artifact) => artifact.name);

  // One task of the agent, with an artifact of each of these types, named by their order.
  async function make(ctx: Context, agent: string, types: readonly string[]) {
    await createAgent(ctx, { name: agent, runner: { type: "pull" } });
    await createTask(pipeline.with(ctx), { agent, input: "Do it" });
    const leased = await pipeline.lease(ctx, agent);
    const claim = pipeline.claim(ctx, leased);
    const made = [];
    for (const [index, contentType] of types.entries()) {
      const upload = { name: `${agent}-${index}`, contentType, content: Buffer.from([0, 0xff, index]) };
      made.push(await putArtifact(pipeline.with(ctx), claim, upload));
    }
    return { taskId: toWireId("task", leased.id), made };
  }

  it("are described and downloaded as they were uploaded", async () => {
    const ctx = await test.inAnotherProject();
    const { taskId, made } = await make(ctx, "a", ["text/html; charset=utf-8"]);
    const [stored] = made;
    const id = stored?.id ?? "";
    const artifact = await getArtifact(ctx, uuidOf("artifact", id));
    assert.deepEqual(artifact, {
      ...stored,
      taskId,
      agent: "a",
      contentUrl: `https://hub.example/api/v1/artifacts/${id}/content`,
      createdAt: new Date(ctx.clock.now()).toISOString(),
      updatedAt: new Date(ctx.clock.now()).toISOString(),
    });
    assert.deepEqual((await listArtifacts(ctx, {}, { limit: 1 })).data, [artifact]);
    assert.deepEqual(await getArtifactContent(ctx, uuidOf("artifact", id)), {
      name: "a-0",
      contentType: "text/html; charset=utf-8",
      sha256: artifact.sha256,
      bytes: Buffer.from([0, 0xff, 0]),
    });
  });

  it("are listed by media type and agent, and by pages without a gap or a repeat", async () => {
    const ctx = await test.inAnotherProject();
    await make(ctx, "a", ["text/plain", "TEXT/Markdown ; charset=utf-8", "text/markdown"]);
    await make(ctx, "b", ["text/markdown;charset=utf-8", "application/json"]);
    const all = ["b-1", "b-0", "a-2", "a-1", "a-0"];
    assert.deepEqual(await list(ctx, {}), all);
    assert.deepEqual(await list(ctx, { contentType: "text/markdown" }), ["b-0", "a-2", "a-1"]);
    assert.deepEqual(await list(ctx, { contentType: "text/markdown", agent: "a" }), ["a-2", "a-1"]);
    assert.deepEqual(await list(ctx, { agent: "b" }), ["b-1", "b-0"]);
    assert.deepEqual(await list(ctx, { agent: "nobody" }), []);
    assert.deepEqual(await list(ctx, { contentType: "text" }), []);
    for (const limit of [1, 2, 5]) {
      const pages = await readPages("artifact", limit, (page) => listArtifacts(ctx, {}, page));
      assert.deepEqual(
        pages.map((artifact) => artifact.name),
        all,
      );
    }
  });

  it("are not seen from another project, nor by a worker", async () => {
    const ctx = await test.inAnotherProject();
    const other = await test.inAnotherProject();
    const { made } = await make(ctx, "a", ["text/plain"]);
    const id = uuidOf("artifact", made[0]?.id ?? "");
    assert.deepEqual(await list(other, {}), []);
    assert.deepEqual(await list(other, { agent: "a", contentType: "text/plain" }), []);
    await assert.rejects(getArtifact(other, id), { status: 404 });
    await assert.rejects(getArtifactContent(other, id), { status: 404 });
    for (const verb of [getArtifact, getArtifactContent])
      await assert.rejects(verb(test.as("worker"), id), { status: 403 });
    await assert.rejects(list(test.as("worker"), {}), { status: 403 });
  });
});
