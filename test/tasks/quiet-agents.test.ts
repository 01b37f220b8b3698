import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { SignalListener, Topic } from "../../src/platform/signals.ts";
import { QuietAgents } from "../../src/tasks/quiet-agents.ts";

class Bench {
  readonly listeners = new Map<Topic, SignalListener>();
  readonly quiet = new QuietAgents({
    on: (topic, listener) => {
      this.listeners.set(topic, listener);
      return () => this.listeners.delete(topic);
    },
  });
  looks = 0;
  tasks: readonly string[] = [];

  look(...agentIds: string[]): Promise<readonly string[]> {
    return this.quiet.look(agentIds, () => {
      this.looks += 1;
      return Promise.resolve(this.tasks);
    });
  }

  tell(topic: Topic, keys: readonly string[] | "all"): void {
    this.listeners.get(topic)?.(keys);
  }
}

describe("Agents without tasks", () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });

  it("are looked at once by many who ask within a second", async () => {
    for (let worker = 0; worker < 50; worker += 1) assert.deepEqual(await bench.look("a", "b"), []);
    assert.deepEqual(await bench.look("b"), []);
    assert.equal(bench.looks, 1);
  });

  it("are looked at again together with one that nobody has looked at", async () => {
    await bench.look("a");
    await bench.look("a", "b");
    assert.equal(bench.looks, 2);
  });

  it("are looked at again after news of tasks, of the agent, and of no one knows what", async () => {
    for (const [topic, keys] of [
      ["tasks", ["a:3"]],
      ["agents", ["a"]],
      ["tasks", "all"],
    ] as const) {
      await bench.look("a");
      const before = bench.looks;
      bench.tell(topic, keys);
      bench.tasks = ["new"];
      assert.deepEqual(await bench.look("a"), ["new"]);
      bench.tasks = [];
      assert.equal(bench.looks, before + 1);
    }
  });

  it("are not those about whom news came while somebody looked", async () => {
    await bench.quiet.look(["a"], () => {
      bench.tell("tasks", ["a:1"]);
      return Promise.resolve([]);
    });
    await bench.look("a");
    assert.equal(bench.looks, 1);
  });

  it("are looked at again after a second without any news", async () => {
    await bench.look("a");
    await delay(1_050);
    await bench.look("a");
    assert.equal(bench.looks, 2);
  });

  it("are looked at by everyone while there are tasks", async () => {
    bench.tasks = ["one"];
    await bench.look("a");
    await bench.look("a");
    assert.equal(bench.looks, 2);
  });
});
