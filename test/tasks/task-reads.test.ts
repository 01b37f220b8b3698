import assert from "node:assert/strict";
import { createAgent } from "../../src/agents/create-agent.ts";
import { deleteAgent } from "../../src/agents/delete-agent.ts";
import type { Context } from "../../src/access/context.ts";
import { encodeCursor } from "../../src/lib/cursor.ts";
import { toWireId } from "../../src/lib/ids.ts";
import { cancelTask } from "../../src/tasks/cancel-task.ts";
import { createTask } from "../../src/tasks/create-task.ts";
import { getTask } from "../../src/tasks/get-task.ts";
import { decodeTaskEventCursor, listTaskEvents, type TaskEventView } from "../../src/tasks/list-task-events.ts";
import { listTasks } from "../../src/tasks/list-tasks.ts";
import { putArtifact } from "../../src/tasks/put-artifact.ts";
import { recordTaskEvents } from "../../src/tasks/record-task-events.ts";
import { releaseTask } from "../../src/tasks/release-task.ts";
import type { TaskFilter } from "../../src/tasks/store.ts";
import { readPages } from "../support/read-pages.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, type TestPipeline, uuidOf } from "../support/test-pipeline.ts";

describe("Tasks", () => {
  let test: TestContext;
  let pipeline: TestPipeline;
  before(async () => {
    test = await createTestContext();
    pipeline = await createTestPipeline(test);
  });
  after(() => test[Symbol.asyncDispose]());

  const make = async (ctx: Context, agent: string): Promise<string> =>
    toWireId("task", (await createTask(pipeline.with(ctx), { agent, input: "Do it" })).taskId);
  const list = async (ctx: Context, filter: TaskFilter) =>
    (await listTasks(ctx, filter, { limit: 200 })).data.map((task) => task.id);
  const addAgent = (ctx: Context, name: string) => createAgent(ctx, { name, runner: { type: "pull" } });

  it("show their event, attempts, artifacts, usage and messages", async () => {
    const ctx = await test.inAnotherProject();
    const { routeId } = await pipeline.agentWithRoute(ctx, "triager");
    const sourceId = await pipeline.source(ctx);
    const eventId = await pipeline.accept(sourceId, { eventType: "issues.opened", deliveryId: "d-1" });
    const released = await pipeline.lease(ctx, "triager");
    await releaseTask(pipeline.with(ctx), pipeline.claim(ctx, released));
    const leased = await pipeline.lease(ctx, "triager");
    const now = new Date(ctx.clock.now()).toISOString();

    const working = await getTask(ctx, leased.id);
    assert.equal(working.state, "working");
    assert.equal(working.leaseExpiresAt, leased.leaseExpiresAt.toISOString());
    assert.equal(working.deadlineAt, leased.deadlineAt.toISOString());

    const upload = { name: "report.md", contentType: "text/markdown", content: Buffer.from("# Hi") };
    const artifact = await putArtifact(pipeline.with(ctx), pipeline.claim(ctx, leased), upload);
    await pipeline.complete(ctx, leased, { label: "bug" });

    const task = await getTask(ctx, leased.id);
    const { attempts, artifacts, messages, ...rest } = task;
    assert.deepEqual(rest, {
      id: toWireId("task", leased.id),
      agent: "triager",
      routeId,
      state: "completed",
      priority: 0,
      event: { id: eventId, type: "issues.opened", sourceId, deliveryId: "d-1" },
      attemptCount: 2,
      maxAttempts: 3,
      workerId: "a worker",
      usage: { tokens: 7 },
      createdAt: now,
      updatedAt: now,
      settledAt: now,
      input: "Do it",
      parameters: {},
      result: { label: "bug" },
    });
    const attempt = { workerId: "a worker", actorId: toWireId("key", ctx.actor.id), startedAt: now, endedAt: now };
    assert.deepEqual(attempts, [
      { attempt: 1, ...attempt, outcome: "released" },
      { attempt: 2, ...attempt, outcome: "completed", usage: { tokens: 7 } },
    ]);
    assert.deepEqual(
      artifacts.map(({ id, name, size }) => ({ id, name, size })),
      [{ id: artifact.id, name: "report.md", size: 4 }],
    );
    assert.deepEqual(
      messages.map(({ type, taskId }) => ({ type, taskId })),
      [{ type: "task.completed", taskId: task.id }],
    );
  });

  it("leave input and result out of lists, where they could be megabytes", async () => {
    const ctx = await test.inAnotherProject();
    await addAgent(ctx, "a");
    const id = await make(ctx, "a");
    const [task] = (await listTasks(ctx, {}, { limit: 1 })).data;
    assert.equal(task?.id, id);
    assert.deepEqual(
      Object.keys(task ?? {}).filter((key) => ["input", "parameters", "result", "attempts"].includes(key)),
      [],
    );
  });

  it("are listed by state, agent and event, together too, and by pages without a gap or a repeat", async () => {
    const ctx = await test.inAnotherProject();
    await pipeline.agentWithRoute(ctx, "one");
    await addAgent(ctx, "two");
    const eventId = await pipeline.accept(await pipeline.source(ctx));
    const all = await list(ctx, {});
    for (let index = 0; index < 9; index += 1) all.unshift(await make(ctx, index % 3 === 0 ? "one" : "two"));
    const canceled = [all[1], all[2], all[5], all[9]] as string[];
    for (const id of canceled) await cancelTask(pipeline.with(ctx), uuidOf("task", id));
    const isOne = async (id: string) => (await getTask(ctx, uuidOf("task", id))).agent === "one";
    const ofOne: string[] = [];
    for (const id of all) if (await isOne(id)) ofOne.push(id);
    assert.equal(ofOne.length, 4);

    const eventUuid = uuidOf("event", eventId);
    const expected: readonly (readonly [TaskFilter, readonly string[]])[] = [
      [{}, all],
      [{ state: "canceled" }, canceled],
      [{ state: "submitted" }, all.filter((id) => !canceled.includes(id))],
      [{ state: "completed" }, []],
      [{ agent: "one" }, ofOne],
      [{ agent: "one", state: "canceled" }, ofOne.filter((id) => canceled.includes(id))],
      [{ agent: "nobody" }, []],
      [{ eventId: eventUuid }, [all[9] as string]],
      [{ eventId: eventUuid, state: "canceled", agent: "one" }, [all[9] as string]],
      [{ eventId: eventUuid, state: "submitted" }, []],
      [{ eventId: eventUuid, agent: "two" }, []],
      [{ eventId: ctx.newId() }, []],
    ];
    for (const [filter, ids] of expected) {
      assert.deepEqual(await list(ctx, filter), ids, JSON.stringify(filter));
      for (const limit of [1, 2, 4])
        assert.deepEqual(
          (await readPages("task", limit, (page) => listTasks(ctx, filter, page))).map((task) => task.id),
          ids,
          `${JSON.stringify(filter)} by ${limit}`,
        );
    }
  });

  it("of a deleted agent are found by its name and its id, beside those of its successor", async () => {
    const ctx = await test.inAnotherProject();
    const { id: firstAgent } = await addAgent(ctx, "a");
    const first = await make(ctx, "a");
    await cancelTask(pipeline.with(ctx), uuidOf("task", first));
    await deleteAgent(ctx, "a");
    const { id: secondAgent } = await addAgent(ctx, "a");
    const second = await make(ctx, "a");
    assert.deepEqual(await list(ctx, { agent: "a" }), [second, first]);
    assert.deepEqual(await list(ctx, { agent: firstAgent }), [first]);
    assert.deepEqual(await list(ctx, { agent: secondAgent }), [second]);
  });

  it("are not seen from another project", async () => {
    const ctx = await test.inAnotherProject();
    const other = await test.inAnotherProject();
    const { id: agentId } = await addAgent(ctx, "a");
    await addAgent(other, "a");
    const id = uuidOf("task", await make(ctx, "a"));
    assert.deepEqual(await list(other, {}), []);
    assert.deepEqual(await list(other, { agent: "a" }), []);
    assert.deepEqual(await list(other, { agent: agentId }), []);
    assert.deepEqual(await list(other, { state: "submitted" }), []);
    await assert.rejects(getTask(other, id), { status: 404 });
    await assert.rejects(listTaskEvents(other, id, { limit: 5 }), { status: 404 });
    await assert.rejects(getTask(test.as("worker"), id), { status: 403 });
    await assert.rejects(list(test.as("worker"), {}), { status: 403 });
  });

  describe("what workers report of them", () => {
    it("is listed newest first over all attempts, by pages without a gap or a repeat", async () => {
      const ctx = await test.inAnotherProject();
      await addAgent(ctx, "a");
      await make(ctx, "a");
      const biggest = Number.MAX_SAFE_INTEGER;
      for (const seqs of [
        [1, 2, biggest],
        [0, 9, 10],
      ]) {
        const leased = await pipeline.lease(ctx, "a");
        const events = seqs.map((seq) => ({ seq, type: "step", ...(seq === 0 ? {} : { data: { text: "a\u0000b" } }) }));
        await recordTaskEvents(pipeline.with(ctx), pipeline.claim(ctx, leased), events);
        await releaseTask(pipeline.with(ctx), pipeline.claim(ctx, leased));
      }
      const [task] = (await listTasks(ctx, {}, { limit: 1 })).data;
      const taskId = uuidOf("task", task?.id ?? "");
      const expected = ["2.10", "2.9", "2.0", `1.${biggest}`, "1.2", "1.1"];
      for (const limit of [1, 2, 3, 6, 7]) {
        const found: TaskEventView[] = [];
        let cursor: string | undefined;
        do {
          const position = cursor === undefined ? undefined : decodeTaskEventCursor(cursor);
          assert.equal(position === undefined, cursor === undefined);
          const page = await listTaskEvents(ctx, taskId, { limit, cursor: position });
          found.push(...page.data);
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        assert.deepEqual(
          found.map(({ attempt, seq }) => `${attempt}.${seq}`),
          expected,
        );
        const createdAt = new Date(ctx.clock.now()).toISOString();
        assert.deepEqual(found[0], { attempt: 2, seq: 10, type: "step", data: { text: "a\u0000b" }, createdAt });
        assert.ok(!("data" in (found[2] ?? {})));
      }
    });

    it("has cursors of its own form only", () => {
      assert.deepEqual(decodeTaskEventCursor(encodeCursor("2.10")), { attempt: 2, seq: 10 });
      for (const text of ["1", "1.", ".1", "1.01", "-1.2", "1.2.3", "1e3.4", `1.${"9".repeat(17)}`, "1.2 "])
        assert.equal(decodeTaskEventCursor(encodeCursor(text)), undefined, text);
      for (const text of ["", "Mi4xMA==", "Mi4x\n", "****"]) assert.equal(decodeTaskEventCursor(text), undefined, text);
    });
  });
});
