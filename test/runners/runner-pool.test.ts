import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { startReceiver } from "../support/receiver.ts";
import { type RunnerHub, startRunnerHub, stubCommand } from "./runner-hub.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the hub's own runners", () => {
  const held: (() => void)[] = [];
  const slowReceiver = () =>
    startReceiver(
      () =>
        new Promise((resolve) => {
          held.push(() => resolve({ status: 200 }));
        }),
    );
  const releaseAll = (): void => {
    for (const release of held.splice(0)) release();
  };

  it("do as many tasks at a time as there are slots, and of one agent no more than its share", async () => {
    await using runner = await startRunnerHub({}, {}, { runners: { slots: 5, agentSlots: 3 } });
    await using receiver = await slowReceiver();
    const greedy = await runner.agent({ type: "http", url: receiver.url });
    const modest = await runner.agent({ type: "http", url: receiver.url });
    for (let task = 0; task < 9; task += 1) await runner.hub.task(greedy);
    await receiver.until(3);
    const working = async (agent: string): Promise<number> =>
      (await runner.hub.test.call("GET", `/api/v1/agents/${agent}/status`)).body.working;
    assert.equal(await working(greedy), 3);
    for (let task = 0; task < 4; task += 1) await runner.hub.task(modest);
    await receiver.until(5);
    assert.deepEqual([await working(greedy), await working(modest)], [3, 2]);
    await eventually(async () => {
      releaseAll();
      assert.equal(receiver.requests.length, 13);
    });
    await eventually(async () => {
      releaseAll();
      assert.equal((await working(greedy)) + (await working(modest)), 0);
    });
  });

  it("keep an agent's own limit, and hear when it or its runner changes", async () => {
    await using runner = await startRunnerHub();
    await using receiver = await slowReceiver();
    const agent = await runner.agent({ type: "pull" }, { limits: { concurrency: 1 } });
    for (let task = 0; task < 3; task += 1) await runner.hub.task(agent);
    const change = (fields: object) => runner.hub.test.call("PATCH", `/api/v1/agents/${agent}`, fields);
    await change({ runner: { type: "http", url: receiver.url } });
    await receiver.until(1);
    await change({ limits: { concurrency: 2 } });
    await receiver.until(2);
    await runner.hub.test.call("POST", `/api/v1/agents/${agent}/pause`);
    await eventually(async () => {
      releaseAll();
      assert.equal((await runner.hub.test.call("GET", `/api/v1/agents/${agent}/status`)).body.working, 0);
    });
    assert.equal(receiver.requests.length, 2);
    await runner.hub.test.call("POST", `/api/v1/agents/${agent}/resume`);
    await receiver.until(3);
    releaseAll();
  });

  it("let what ends in time end when the hub stops, and give back the rest without charging an attempt", async () => {
    await using runner = await startRunnerHub(
      { hang: stubCommand("hang") },
      {},
      { shutdown: { deadlineSeconds: 4.3 }, runners: { slots: 4, agentSlots: 4 } },
    );
    await using receiver = await slowReceiver();
    const called = await runner.agent({ type: "http", url: receiver.url });
    const hanging = await runner.agent({ type: "process", command: "hang" });
    const calledTask = await runner.hub.task(called);
    const { id: hangingTask, progress } = await runner.run(hanging, {}, (task) => task.progress !== undefined);
    await receiver.until(1);
    const web = await runner.hub.test.startAnother("web");
    const read = async (id: string) => (await runner.hub.test.at(web.url)("GET", `/api/v1/tasks/${id}`)).body;
    const stopped = runner.hub.test.hub.stop();
    releaseAll();
    await stopped;
    assert.equal((await read(calledTask)).state, "completed");
    const task = await read(hangingTask);
    assert.deepEqual([task.state, task.attempts[0].outcome, isAlive(progress.pid)], ["submitted", "released", false]);
    const [row] = await web.services.db.query<{ attempts_charged: number }>(
      { text: "SELECT attempts_charged FROM tasks WHERE state = 'submitted'" },
      [],
    );
    assert.equal(row?.attempts_charged, 0);
    // A process that only answers HTTP runs nothing.
    assert.deepEqual((await read(hangingTask)).attemptCount, 1);
    await runner.hub.test.startAnother("worker");
    await eventually(async () => assert.equal((await read(hangingTask)).attemptCount, 2));
    await runner.hub.test.at(web.url)("POST", `/api/v1/tasks/${hangingTask}/cancel`);
  });

  it("share the tasks with those of other processes, each done once", async () => {
    await using runner: RunnerHub = await startRunnerHub();
    await using receiver = await startReceiver();
    await runner.hub.test.startAnother("worker");
    const agent = await runner.agent({ type: "http", url: receiver.url });
    const ids = await Promise.all(Array.from({ length: 60 }, () => runner.hub.task(agent)));
    for (const id of ids)
      assert.equal((await runner.until(id, (task) => task.settledAt !== undefined)).state, "completed");
    assert.equal(receiver.requests.length, 60);
    assert.equal(new Set(receiver.requests.map(({ headers }) => headers["webhook-id"])).size, 60);
  });
});
