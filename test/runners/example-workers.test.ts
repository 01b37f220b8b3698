import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { type Command, startCommand } from "../support/hub-process.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const examples: readonly [string, readonly [string, ...string[]]][] = [
  ["python", ["python3", "examples/worker.py"]],
  ["typescript", [process.execPath, "examples/worker.ts"]],
];

for (const [language, program] of examples)
  describe(`the example worker in ${language}`, () => {
    let hub: WorkingHub;
    before(async () => {
      hub = await startWorkingHub({ tasks: { maxAttempts: 1, leaseSeconds: 1 } });
    });
    after(() => hub[Symbol.asyncDispose]());

    const start = async (agent: string, key?: string): Promise<Command> =>
      await startCommand(
        [agent],
        {
          environment: {
            HOOKYARD_URL: hub.test.url,
            HOOKYARD_API_KEY: key ?? (await hub.test.keyFor("worker", [agent])),
            WORKER_ID: `example-${language}`,
          },
        },
        program,
      );
    const settled = async (id: string) => {
      let task = await hub.read(id);
      await eventually(async () => {
        task = await hub.read(id);
        assert.ok(task.settledAt !== undefined, JSON.stringify(task));
      }, 15_000);
      return task;
    };

    it("does tasks, keeps its leases, and says how each ended", async () => {
      const agent = await hub.agent();
      await using worker = await start(agent);
      const quick = await settled(await hub.task(agent, { input: "Say it" }));
      assert.deepEqual([quick.state, quick.result.said, quick.result.worker], ["completed", "SAY IT", language]);
      assert.deepEqual([quick.usage.inputTokens, quick.workerId], [1, `example-${language}`]);
      // Twice as long as a lease.
      const long = await settled(await hub.task(agent, { parameters: { steps: 200 } }));
      assert.deepEqual([long.state, long.attemptCount], ["completed", 1]);
      const failed = await settled(await hub.task(agent, { parameters: { fail: "no luck" } }));
      assert.deepEqual([failed.state, failed.error.message], ["failed", "no luck"]);
      await hub.pass(0);
      const workers = (await hub.test.call("GET", "/api/v1/workers")).body.data;
      assert.deepEqual(workers[0].workerId, `example-${language}`);
      worker.send("SIGTERM");
      assert.equal(await worker.ended, 0);
    });

    it("leaves a task that was canceled, and gives back what it holds when it is stopped", async () => {
      const agent = await hub.agent();
      await using worker = await start(agent);
      const held = async (): Promise<string> => {
        const id = await hub.task(agent, { parameters: { steps: 2_000 } });
        await eventually(async () => assert.equal((await hub.read(id)).state, "working"), 15_000);
        return id;
      };
      const canceled = await held();
      await hub.test.call("POST", `/api/v1/tasks/${canceled}/cancel`);
      const released = await held();
      worker.send("SIGTERM");
      assert.equal(await worker.ended, 0);
      assert.equal((await hub.read(canceled)).state, "canceled");
      assert.deepEqual((await hub.read(released)).attempts[0].outcome, "released");
    });

    it("ends at once with a key that may not", async () => {
      const agent = await hub.agent();
      await using worker = await start(agent, await hub.test.keyFor("worker", ["another"]));
      assert.equal(await worker.ended, 1);
      assert.match(worker.stderr(), /may not act for the agent/);
    });
  });
