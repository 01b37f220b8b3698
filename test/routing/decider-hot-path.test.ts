import assert from "node:assert/strict";
import type { Context } from "../../src/access/context.ts";
import { createRoute } from "../../src/routing/create-route.ts";
import type { Database, Statement, Transaction } from "../../src/platform/database.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";
import { createTestPipeline, type TestPipeline } from "../support/test-pipeline.ts";

/** A database that notes the statements by name or first words. */
function noting(db: Database, notes: string[]): Database {
  const note = ({ name, text }: Statement): void => {
    notes.push(name?.replace(/^queue_\d+$/, "job") ?? text.slice(0, 40));
  };
  return {
    ...db,
    kysely: db.kysely,
    query: (statement, values) => {
      note(statement);
      return db.query(statement, values);
    },
    transaction: (work) =>
      db.transaction((tx) => {
        const noted: Transaction = {
          kysely: tx.kysely,
          afterCommit: (callback) => tx.afterCommit(callback),
          query: (statement, values) => {
            note(statement);
            return tx.query(statement, values);
          },
        };
        return work(noted);
      }),
  };
}

describe("what routes cost whoever accepts an event", () => {
  let test: TestContext;
  let ctx: Context;
  let pipeline: TestPipeline;
  const notes: string[] = [];
  before(async () => {
    test = await createTestContext();
    ctx = await test.inAnotherProject();
    pipeline = await createTestPipeline({ ...ctx, db: noting(ctx.db, notes) });
  });
  after(() => test[Symbol.asyncDispose]());

  async function statementsOfAccept(sourceId: string): Promise<string[]> {
    // The first fills the caches.
    await pipeline.accept(sourceId);
    notes.length = 0;
    await pipeline.accept(sourceId);
    return notes.toSorted();
  }

  const atOnce = ["store_plain_events"];
  const plain = ["insert_events", "insert_plain_tasks", "job", "signal"];

  it("is one statement for the event, its tasks and their jobs, and a transaction when more is to be said or put off", async () => {
    const sourceId = await pipeline.source(ctx);
    assert.deepEqual(await statementsOfAccept(sourceId), atOnce);
    await pipeline.agentWithRoute(ctx, "one");
    assert.deepEqual(await statementsOfAccept(sourceId), atOnce);
    const rule = { agent: "one", task: { input: "x" } };
    await createRoute(ctx, { ...rule, name: "not this", match: { body: { n: [2] } } });
    await createRoute(ctx, { ...rule, name: "nor this", when: "event.body.n == 2" });
    await createRoute(ctx, { ...rule, name: "not that type", match: { type: ["never"] } });
    assert.deepEqual(await statementsOfAccept(sourceId), [...plain, "insert_event_misses"].toSorted());
    for (const name of ["guarded", "too"])
      await createRoute(ctx, { ...rule, name, limits: { rate: { count: 1, perSeconds: 1 } } });
    assert.deepEqual(
      await statementsOfAccept(sourceId),
      [...plain, "insert_event_misses", "insert_pending_decisions", "signal"].toSorted(),
    );
  });
});
