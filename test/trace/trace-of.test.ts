import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { createAgent } from "../../src/agents/create-agent.ts";
import { createEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { deleteEndpoint } from "../../src/endpoints/delete-endpoint.ts";
import { presentTrace } from "../../src/http/trace-view.ts";
import { toWireId } from "../../src/lib/ids.ts";
import { publishMessage } from "../../src/messages/publish-message.ts";
import { deleteRoute } from "../../src/routing/delete-route.ts";
import { createTask } from "../../src/tasks/create-task.ts";
import { putArtifact } from "../../src/tasks/put-artifact.ts";
import { traceOf, type TraceTarget } from "../../src/trace/trace-of.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, type TestPipeline, uuidOf } from "../support/test-pipeline.ts";

describe("A trace", () => {
  let test: TestContext;
  let pipeline: TestPipeline;
  let receiver: Receiver;
  before(async () => {
    test = await createTestContext();
    pipeline = await createTestPipeline(test);
    receiver = await startReceiver(() => ({ status: 200, body: "\u00e9".repeat(400) }));
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const trace = async (ctx: Context, kind: TraceTarget["kind"], id: string) =>
    presentTrace(await traceOf(ctx, { kind, id: uuidOf(kind, id) }), ctx.publicUrl());

  // An event that made a task of each of two agents; the first is done and announced, the second waits.
  async function makeHistory(ctx: Context) {
    const sourceId = await pipeline.source(ctx);
    const { routeId } = await pipeline.agentWithRoute(ctx, "one");
    await pipeline.agentWithRoute(ctx, "two");
    const endpoint = await createEndpoint(ctx, { url: receiver.url, eventTypes: ["task.completed", "published"] });
    const eventId = await pipeline.accept(sourceId);
    const leased = await pipeline.lease(ctx, "one");
    const claim = pipeline.claim(ctx, leased);
    const upload = { name: "report", contentType: "text/plain", content: Buffer.from("Hi") };
    const artifact = await putArtifact(pipeline.with(ctx), claim, upload);
    await pipeline.complete(ctx, leased, { done: true });
    await pipeline.deliver();
    return { sourceId, routeId, endpoint, eventId, taskId: toWireId("task", leased.id), artifactId: artifact.id };
  }

  it("of an event tells which routes made which tasks, who worked, what was sent, and what came back", async () => {
    const ctx = await test.inAnotherProject();
    const { sourceId, routeId, endpoint, eventId, taskId, artifactId } = await makeHistory(ctx);
    const found = await trace(ctx, "event", eventId);
    assert.deepEqual(found.source, { id: sourceId, name: "A source" });
    assert.equal(found.event?.id, eventId);
    assert.deepEqual(
      found.routes.map((route) => route.name),
      ["All to one", "All to two"],
    );
    assert.deepEqual([found.truncated, found.messages], [false, []]);

    assert.equal(found.tasks.length, 2);
    const done = found.tasks.find((task) => task.agent === "one");
    const waiting = found.tasks.find((task) => task.agent === "two");
    assert.deepEqual([waiting?.state, waiting?.attempts, waiting?.messages], ["submitted", [], []]);
    assert.deepEqual([done?.id, done?.state, done?.routeId], [taskId, "completed", routeId]);
    assert.deepEqual(
      done?.attempts.map(({ workerId, outcome }) => [workerId, outcome]),
      [["a worker", "completed"]],
    );
    assert.deepEqual(
      done?.artifacts.map((artifact) => artifact.id),
      [artifactId],
    );
    const [message, ...others] = done?.messages ?? [];
    assert.deepEqual([message?.type, others], ["task.completed", []]);
    const [delivery] = message?.deliveries ?? [];
    assert.deepEqual(
      [delivery?.state, delivery?.endpointId, delivery?.url, delivery?.attemptCount],
      ["succeeded", endpoint.id, receiver.url, 1],
    );
    const [attempt] = delivery?.attempts ?? [];
    assert.deepEqual([attempt?.number, attempt?.outcome, attempt?.status], [1, "succeeded", 200]);
    assert.deepEqual([attempt?.responseBody, attempt?.responseTruncated], ["\u00e9".repeat(250), true]);
  });

  it("of anything further down shows its task with all that belongs to it, and the event above", async () => {
    const ctx = await test.inAnotherProject();
    const { eventId, taskId, artifactId } = await makeHistory(ctx);
    const ofTask = await trace(ctx, "task", taskId);
    assert.equal(ofTask.event?.id, eventId);
    assert.deepEqual(
      ofTask.tasks.map((task) => task.id),
      [taskId],
    );
    const [message] = ofTask.tasks[0]?.messages ?? [];
    const [delivery] = message?.deliveries ?? [];
    const [attempt] = delivery?.attempts ?? [];
    assert.ok(message !== undefined && delivery !== undefined && attempt !== undefined);
    for (const [kind, id] of [
      ["artifact", artifactId],
      ["message", message.id],
      ["delivery", delivery.id],
      ["attempt", attempt.id],
    ] as const)
      assert.deepEqual(await trace(ctx, kind, id), ofTask, kind);
  });

  it("of a published message begins there, and of a task without an event there", async () => {
    const ctx = await test.inAnotherProject();
    const endpoint = await createEndpoint(ctx, { url: receiver.url, eventTypes: ["published"] });
    const published = await publishMessage(ctx, { type: "published", data: {} });
    await deleteEndpoint(ctx, uuidOf("endpoint", endpoint.id));
    const found = await trace(ctx, "message", published.id);
    assert.deepEqual([found.tasks, found.routes, "event" in found, "source" in found], [[], [], false, false]);
    const [message] = found.messages;
    assert.deepEqual(
      message?.deliveries.map(({ state, url, attempts }) => ({ state, url, attempts })),
      [{ state: "canceled", url: receiver.url, attempts: [] }],
    );
    assert.deepEqual(await trace(ctx, "delivery", message?.deliveries[0]?.id ?? ""), found);

    await createAgent(ctx, { name: "a", runner: { type: "pull" } });
    const { taskId } = await createTask(pipeline.with(ctx), { agent: "a", input: "Do it" });
    const ofTask = await trace(ctx, "task", toWireId("task", taskId));
    assert.deepEqual([ofTask.tasks.length, ofTask.routes, "event" in ofTask], [1, [], false]);
  });

  it("names routes that were deleted, and shows the tasks of an event that is gone", async () => {
    const ctx = await test.inAnotherProject();
    const { eventId, routeId, taskId } = await makeHistory(ctx);
    await deleteRoute(ctx, uuidOf("route", routeId));
    await ctx.db.kysely.deleteFrom("events").where("id", "=", uuidOf("event", eventId)).execute();
    const found = await trace(ctx, "event", eventId);
    assert.ok(!("event" in found));
    assert.equal(found.source?.name, "A source");
    assert.deepEqual(
      found.routes.map((route) => route.name),
      ["All to one", "All to two"],
    );
    assert.equal(found.tasks.length, 2);
    assert.equal((await trace(ctx, "task", taskId)).tasks.length, 1);
  });

  it("is bounded, and says so: the newest hundred tasks, oldest first", async () => {
    const ctx = await test.inAnotherProject();
    const sourceId = await pipeline.source(ctx);
    await pipeline.agentWithRoute(ctx, "one");
    const eventId = await pipeline.accept(sourceId);
    const [task] = (await trace(ctx, "event", eventId)).tasks;
    await ctx.db.query(
      {
        text: `INSERT INTO tasks (id, project_id, agent_id, event_id, event, state, input, priority, attempt,
                                  attempts_charged, max_attempts, created_at, updated_at)
               SELECT i.id, project_id, agent_id, event_id, event, state, input, priority, attempt, attempts_charged,
                      max_attempts, created_at, updated_at
               FROM tasks t CROSS JOIN unnest($2::uuid[]) AS i (id) WHERE t.id = $1`,
      },
      [uuidOf("task", task?.id ?? ""), Array.from({ length: 100 }, () => ctx.newId())],
    );
    const found = await trace(ctx, "event", eventId);
    const ids = found.tasks.map(({ id }) => id);
    assert.deepEqual([ids.length, found.truncated, ids.includes(task?.id ?? "")], [100, true, false]);
    assert.deepEqual(ids, ids.toSorted());
  });

  it("does not reach into another project, and is not for workers", async () => {
    const ctx = await test.inAnotherProject();
    const other = await test.inAnotherProject();
    const { eventId, taskId, artifactId } = await makeHistory(ctx);
    const [message] = (await trace(ctx, "task", taskId)).tasks[0]?.messages ?? [];
    const [delivery] = message?.deliveries ?? [];
    const targets = [
      ["event", eventId],
      ["task", taskId],
      ["artifact", artifactId],
      ["message", message?.id ?? ""],
      ["delivery", delivery?.id ?? ""],
      ["attempt", delivery?.attempts[0]?.id ?? ""],
    ] as const;
    for (const [kind, id] of targets) {
      await assert.rejects(trace(other, kind, id), { status: 404 }, kind);
      await assert.rejects(trace(ctx, kind, toWireId(kind, ctx.newId())), { status: 404 }, kind);
      await assert.rejects(trace(test.as("worker"), kind, id), { status: 403 }, kind);
    }
  });
});
