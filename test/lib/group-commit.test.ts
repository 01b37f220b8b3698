import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { GroupCommit, type GroupCommitOptions } from "../../src/lib/group-commit.ts";

class RowError extends Error {}

/** A commit whose batches a test sees, and can hold back. */
function groupCommit(options: Partial<GroupCommitOptions<number, string>> = {}) {
  const batches: (readonly number[])[] = [];
  const held: (() => void)[] = [];
  const holds = { next: false };
  const commit = async (items: readonly number[]): Promise<string[]> => {
    batches.push(items);
    if (holds.next) await new Promise<void>((resolve) => held.push(resolve));
    return items.map((item) => `committed ${item}`);
  };
  const commits = new GroupCommit<number, string>({
    commit,
    maxBatch: 100,
    maxConcurrent: 1,
    maxWaiting: 1_000,
    refuse: () => new Error("overloaded"),
    isolates: (error) => error instanceof RowError,
    ...options,
  });
  const release = async (): Promise<void> => {
    for (const resolve of held.splice(0)) resolve();
    await turn();
    await turn();
  };
  return { commits, batches, holds, release };
}

function submitAll(commits: GroupCommit<number, string>, items: readonly number[]) {
  return Promise.allSettled(items.map((item) => commits.submit(item)));
}

function outcomes(settled: readonly PromiseSettledResult<string>[]): string[] {
  return settled.map((each) => (each.status === "fulfilled" ? each.value : (each.reason as Error).message));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("a group commit", () => {
  it("commits what was submitted in one turn together, and answers each with its own result", async () => {
    const { commits, batches } = groupCommit();
    const settled = await submitAll(commits, upTo(50));
    assert.deepEqual(batches, [upTo(50)]);
    assert.deepEqual(
      outcomes(settled),
      upTo(50).map((item) => `committed ${item}`),
    );
  });

  it("commits what came during a commit together after it, in the order in which it came", async () => {
    const { commits, batches, holds, release } = groupCommit();
    holds.next = true;
    const first = commits.submit(0);
    await turn();
    holds.next = false;
    const rest = submitAll(commits, [1, 2, 3]);
    await turn();
    assert.deepEqual(batches, [[0]]);
    await release();
    assert.equal(await first, "committed 0");
    await rest;
    assert.deepEqual(batches, [[0], [1, 2, 3]]);
  });

  it("puts at most maxBatch into one commit, and has at most maxConcurrent under way", async () => {
    const { commits, batches, holds, release } = groupCommit({ maxBatch: 4, maxConcurrent: 2 });
    holds.next = true;
    const all = submitAll(commits, upTo(10));
    await turn();
    await turn();
    await turn();
    assert.deepEqual(batches, [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    assert.equal(commits.size, 10);
    holds.next = false;
    await release();
    await all;
    assert.deepEqual(batches.at(-1), [8, 9]);
    assert.equal(commits.size, 0);
  });

  it("refuses more than maxWaiting at once, and takes new ones when there is room again", async () => {
    const { commits, holds, release } = groupCommit({ maxWaiting: 3 });
    holds.next = true;
    const first = commits.submit(0);
    await turn();
    const settling = submitAll(commits, [1, 2, 3, 4, 5]);
    holds.next = false;
    await release();
    assert.deepEqual(outcomes(await settling), [
      "committed 1",
      "committed 2",
      "committed 3",
      "overloaded",
      "overloaded",
    ]);
    await first;
    assert.equal(await commits.submit(6), "committed 6");
  });

  it("splits a batch that fails for the sake of rows until only those fail", async () => {
    const poisoned = new Set([5, 77]);
    const committed: number[] = [];
    const sizes: number[] = [];
    const { commits } = groupCommit({
      commit: async (items) => {
        sizes.push(items.length);
        await turn();
        const poison = items.find((item) => poisoned.has(item));
        if (poison !== undefined) throw new RowError(`row ${poison} is poisoned`);
        committed.push(...items);
        return items.map((item) => `committed ${item}`);
      },
    });
    const expected = upTo(100).map((item) => (poisoned.has(item) ? `row ${item} is poisoned` : `committed ${item}`));
    assert.deepEqual(outcomes(await submitAll(commits, upTo(100))), expected);
    assert.deepEqual(
      committed,
      upTo(100).filter((item) => !poisoned.has(item)),
    );
    // Halving: a poisoned row costs two commits a level, not one for each of its neighbours.
    assert.ok(sizes.length <= 29, `${sizes.length} commits`);
  });

  it("fails the whole batch at once when the error is no row's fault", async () => {
    let attempts = 0;
    const { commits } = groupCommit({
      commit: () => {
        attempts += 1;
        return Promise.reject(new Error("the database is away"));
      },
    });
    const settled = await submitAll(commits, upTo(20));
    assert.deepEqual(
      outcomes(settled),
      upTo(20).map(() => "the database is away"),
    );
    assert.equal(attempts, 1);
  });

  it("stops splitting when the database goes away in the middle of it", async () => {
    let attempts = 0;
    const { commits } = groupCommit({
      commit: () => {
        attempts += 1;
        return Promise.reject(attempts === 1 ? new RowError("a row") : new Error("away"));
      },
    });
    assert.deepEqual(outcomes(await submitAll(commits, upTo(4))), ["away", "away", "away", "away"]);
    assert.equal(attempts, 3);
  });

  it("goes on after a commit that failed", async () => {
    let fails = true;
    const { commits } = groupCommit({
      commit: (items) => (fails ? Promise.reject(new Error("away")) : Promise.resolve(items.map(String))),
    });
    await assert.rejects(commits.submit(1), /away/);
    fails = false;
    assert.equal(await commits.submit(2), "2");
  });

  it("drains: resolves at once when idle, else when the last one has been answered", async () => {
    const { commits, holds, release } = groupCommit({ maxBatch: 1 });
    await commits.drain();
    holds.next = true;
    const answered: number[] = [];
    for (const item of upTo(3)) void commits.submit(item).then(() => answered.push(item));
    let drained = false;
    const draining = commits.drain().then(() => (drained = true));
    for (const done of upTo(3)) {
      await turn();
      assert.equal(drained, false);
      await release();
      assert.equal(answered.length, done + 1);
    }
    await draining;
    assert.deepEqual(answered, [0, 1, 2]);
  });
});
