import assert from "node:assert/strict";
import type { SignalListener, Topic } from "../../src/platform/signals.ts";
import { TaskWaiters } from "../../src/tasks/task-waiters.ts";

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waiters and a queue of tasks in memory; nothing of it touches a database. */
class Bench {
  tell: SignalListener = () => {};
  readonly waiters = new TaskWaiters({ on: (topic, listener) => this.#listen(topic, listener) });
  readonly queues = new Map<string, number[]>();
  attempts = 0;

  async add(agent: string, tasks: readonly number[], news = tasks.length): Promise<void> {
    this.queues.set(agent, [...(this.queues.get(agent) ?? []), ...tasks]);
    if (news > 0) this.tell([`${agent}:${news}`]);
    await turn();
  }

  #listen(topic: Topic, listener: SignalListener): () => void {
    if (topic === "tasks") this.tell = listener;
    return () => {};
  }

  wait(agents: readonly string[], waitMs = 60_000, signal = never): Promise<readonly number[]> {
    const attempt = async (): Promise<readonly number[]> => {
      this.attempts += 1;
      await turn();
      for (const agent of agents) {
        const task = this.queues.get(agent)?.shift();
        if (task !== undefined) return [task];
      }
      return [];
    };
    return this.waiters.until(agents, attempt, waitMs, signal);
  }
}

describe("Waiting workers", () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.waiters.stop());

  const settle = async (): Promise<void> => {
    for (let count = 0; count < 20; count += 1) await turn();
  };

  it("are woken as many as there are tasks, oldest first, out of 500", async () => {
    const done: number[] = [];
    const waits = Array.from({ length: 500 }, (_, index) =>
      bench.wait(["a"]).then((tasks) => (tasks.length > 0 ? done.push(index) : 0)),
    );
    await settle();
    assert.deepEqual([bench.attempts, bench.waiters.size], [500, 500]);
    await bench.add("a", [1]);
    await settle();
    assert.deepEqual([bench.attempts, done], [501, [0]]);
    await bench.add("a", [2, 3, 4]);
    await settle();
    assert.deepEqual([bench.attempts, done], [504, [0, 1, 2, 3]]);
    assert.equal(bench.waiters.size, 496);
    bench.waiters.stop();
    await Promise.all(waits);
    assert.deepEqual([bench.attempts, bench.waiters.size], [504, 0]);
  });

  it("are all woken when there is more than enough for all", async () => {
    const waits = ["a", "a", "a"].map((agent) => bench.wait([agent]));
    await settle();
    await bench.add("a", [1, 2, 3, 4, 5]);
    assert.deepEqual((await Promise.all(waits)).flat(), [1, 2, 3]);
  });

  it("sleep on when it is another agent's task", async () => {
    const wait = bench.wait(["a"]);
    await settle();
    await bench.add("b", [1]);
    await settle();
    assert.equal(bench.attempts, 1);
    await bench.add("a", [2]);
    assert.deepEqual(await wait, [2]);
  });

  it("send one after the other when it is not known how many tasks there are", async () => {
    const waits = Array.from({ length: 10 }, () => bench.wait(["a"]));
    await settle();
    await bench.add("a", [1, 2, 3, 4], 0);
    assert.equal(bench.attempts, 10);
    bench.tell("all");
    await settle();
    // Four found one each, and the fifth found that there are no more.
    assert.deepEqual([bench.attempts, bench.waiters.size], [15, 6]);
    bench.tell("all");
    await settle();
    assert.equal(bench.attempts, 16);
    bench.waiters.stop();
    assert.deepEqual((await Promise.all(waits)).flat(), [1, 2, 3, 4]);
  });

  it("pass the news on when they leave with something else", async () => {
    const first = bench.wait(["a", "b"]);
    const second = bench.wait(["b"]);
    await settle();
    // Both pieces of news reach the first before it has looked; it takes one task, and the other is the second's.
    bench.queues.set("a", [1]);
    bench.queues.set("b", [2]);
    bench.tell(["a:1"]);
    await turn();
    bench.tell(["b:1"]);
    assert.deepEqual([await first, await second], [[1], [2]]);
  });

  it("pass the news on when what they do fails", async () => {
    const failing = bench.waiters.until(
      ["a"],
      async () => {
        await turn();
        if ((bench.queues.get("a") ?? []).length > 0) throw new Error("the database is away");
        return [];
      },
      60_000,
      never,
    );
    const next = bench.wait(["a"]);
    await settle();
    const failed = assert.rejects(failing, /away/);
    await bench.add("a", [1]);
    await failed;
    assert.deepEqual(await next, [1]);
  });

  it("look once more when their wait ends, and leave", async () => {
    const wait = bench.wait(["a"], 20);
    await settle();
    bench.queues.set("a", [1]);
    assert.deepEqual(await wait, [1]);
    assert.equal(bench.attempts, 2);
    assert.deepEqual(await bench.wait(["a"], 0), []);
    assert.equal(bench.waiters.size, 0);
  });

  it("leave when their client does, and take nothing with them", async () => {
    const gone = new AbortController();
    const wait = bench.wait(["a"], 60_000, gone.signal);
    await settle();
    gone.abort();
    assert.deepEqual(await wait, []);
    assert.deepEqual([bench.attempts, bench.waiters.size], [1, 0]);
    assert.deepEqual(await bench.wait(["a"], 60_000, gone.signal), []);
    assert.equal(bench.attempts, 1);
  });

  it("leave when the hub stops, and come no more", async () => {
    const wait = bench.wait(["a"]);
    await settle();
    bench.waiters.stop();
    assert.deepEqual(await wait, []);
    assert.deepEqual(await bench.wait(["a"]), []);
  });
});
