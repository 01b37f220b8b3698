import assert from "node:assert/strict";
import type { TestAnswer } from "../support/test-hub.ts";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("Completing several tasks in one call", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const lease = async (count: number): Promise<Leased[]> => {
    const agent = await hub.agent();
    for (let index = 0; index < count; index += 1) await hub.task(agent);
    return await hub.lease(agent, { max: count });
  };
  const complete = (items: readonly object[]): Promise<TestAnswer> =>
    hub.test.call("POST", "/api/v1/worker/complete", { items });
  const itemOf = ({ task, leaseToken }: Leased, fields: object = {}): object => ({
    taskId: task.id,
    leaseToken,
    ...fields,
  });

  it("settles and announces each, with its own result and cost", async () => {
    const works = await lease(3);
    const items = works.map((work, index) => itemOf(work, { result: { index }, usage: { tokens: index } }));
    const { status, body } = await complete(items);
    assert.equal(status, 200);
    assert.deepEqual(
      body.results,
      works.map(({ task }) => ({ id: task.id, state: "completed" })),
    );
    for (const [index, { task }] of works.entries()) {
      const stored = await hub.read(task.id);
      assert.deepEqual([stored.state, stored.result, stored.usage], ["completed", { index }, { tokens: index }]);
      assert.deepEqual(await hub.said(task.id), ["task.completed"]);
      assert.equal(await hub.job(task.id), undefined);
    }
  });

  it("answers a repeat as before, and says it once", async () => {
    const works = await lease(2);
    const items = works.map((work) => itemOf(work, { result: 1 }));
    const first = await complete(items);
    const second = await complete(items);
    assert.deepEqual([second.status, second.body], [200, first.body]);
    for (const { task } of works) assert.deepEqual(await hub.said(task.id), ["task.completed"]);
  });

  it("refuses what does not hold, and settles the others all the same", async () => {
    const [good, lost, missing] = (await lease(3)) as [Leased, Leased, Leased];
    const { body } = await complete([
      itemOf({ ...lost, leaseToken: "lease_forged" }, { result: 1 }),
      itemOf(good, { result: 2 }),
      itemOf({ ...missing, task: { ...missing.task, id: "tsk_00000000000000000000000000" } }),
    ]);
    const codes = body.results.map((result: { state?: string; error?: { status: number; code: string } }) =>
      result.error === undefined ? result.state : [result.error.status, result.error.code],
    );
    assert.deepEqual(codes, [[409, "lease_lost"], "completed", [404, "not_found"]]);
    assert.equal((await hub.read(lost.task.id)).state, "working");
    assert.equal((await hub.read(good.task.id)).result, 2);
  });

  it("settles a task once that is named twice", async () => {
    const [work] = (await lease(1)) as [Leased];
    const { body } = await complete([itemOf(work, { result: 1 }), itemOf(work, { result: 2 })]);
    assert.deepEqual(
      body.results.map((result: { state?: string }) => result.state),
      ["completed", "completed"],
    );
    assert.equal((await hub.read(work.task.id)).result, 1);
    assert.deepEqual(await hub.said(work.task.id), ["task.completed"]);
  });

  it("completes a hundred at once", async () => {
    const works = await lease(100);
    assert.equal(works.length, 100);
    const { body } = await complete(works.map((work) => itemOf(work)));
    assert.deepEqual(
      body.results.map((result: { id: string; state?: string }) => [result.id, result.state]),
      works.map(({ task }) => [task.id, "completed"]),
    );
  });

  it("refuses none, too many, and what is no completion", async () => {
    const item = { taskId: "tsk_00000000000000000000000000", leaseToken: "lease_x" };
    for (const [items, path] of [
      [[], "items"],
      [Array.from({ length: 101 }, () => item), "items"],
      [[{ ...item, taskId: "x" }], "items.0.taskId"],
      [[{ ...item, leaseToken: "a\u0000b" }], "items.0.leaseToken"],
      [[item, { ...item, result: 1, state: "failed" }], "items.1"],
    ] as const) {
      const { status, body } = await complete(items);
      assert.deepEqual([status, body.errors[0].path.startsWith(path)], [422, true], JSON.stringify(body));
    }
  });

  it("keeps a NUL in a result, as a single completion does", async () => {
    const [work] = (await lease(1)) as [Leased];
    const { body } = await complete([itemOf(work, { result: "a\u0000b" })]);
    assert.equal(body.results[0].state, "completed");
    assert.equal((await hub.read(work.task.id)).result, "a\u0000b");
  });
});
