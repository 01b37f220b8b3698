import assert from "node:assert/strict";
import type { TestAnswer, TestClient } from "../support/test-hub.ts";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const failure = { error: { code: "broken", message: "It broke" } };

type Call = (hub: WorkingHub, leased: Leased, client?: TestClient) => Promise<TestAnswer>;

/** Every call that a lease token stands for. */
const calls: Readonly<Record<string, Call>> = {
  heartbeat: (hub, leased, client) =>
    hub.say(leased, "heartbeat", { progress: { step: 9 }, usage: { tokens: 9 } }, client),
  events: (hub, leased, client) => hub.say(leased, "events", { events: [{ seq: 99, type: "late" }] }, client),
  artifact: (hub, { task, leaseToken }, client = hub.test.call) =>
    client("PUT", `/api/v1/worker/tasks/${task.id}/artifacts/late.txt`, Buffer.from("late"), {
      "lease-token": leaseToken,
    }),
  complete: (hub, leased, client) => hub.say(leased, "complete", { result: "late" }, client),
  "complete among others": async (hub, { task, leaseToken }, client = hub.test.call) => {
    const items = [{ taskId: task.id, leaseToken, result: "late" }];
    const answer = await client("POST", "/api/v1/worker/complete", { items });
    const error = answer.body.results?.[0].error ?? answer.body;
    return { ...answer, status: error.status, body: error };
  },
  "fail for good": (hub, leased, client) => hub.say(leased, "fail", { ...failure, retryable: false }, client),
  "fail retryably": (hub, leased, client) => hub.say(leased, "fail", { ...failure, retryable: true }, client),
  release: (hub, leased, client) => hub.say(leased, "release", {}, client),
};

describe("A lease token that does not hold changes nothing", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, retryBaseSeconds: 5, maxAttempts: 2 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  /** A task with something in every table, and its lease. */
  const workedOn = async (agent?: string): Promise<Leased> => {
    const name = agent ?? (await hub.agent());
    await hub.task(name);
    const leased = await hub.leaseOne(name);
    await hub.say(leased, "heartbeat", { progress: { step: 1 }, usage: { tokens: 1 } });
    await hub.say(leased, "events", { events: [{ seq: 1, type: "log", data: "on it" }] });
    const headers = { "lease-token": leased.leaseToken };
    await hub.test.call("PUT", `/api/v1/worker/tasks/${leased.task.id}/artifacts/a`, Buffer.from("a"), headers);
    return leased;
  };

  const refuses = async (name: string, leased: Leased, status = 409, client?: TestClient): Promise<void> => {
    const before = await hub.stored(leased.task.id);
    const answer = await calls[name]?.(hub, leased, client);
    const code = { 409: "lease_lost", 404: "not_found", 403: "forbidden" }[status];
    assert.deepEqual([answer?.status, answer?.body.code], [status, code]);
    assert.deepEqual(await hub.stored(leased.task.id), before);
  };

  /** How a lease is lost; answers with the worker that does not know of it. */
  const losses: Readonly<Record<string, () => Promise<Leased>>> = {
    "is forged": async () => ({ ...(await workedOn()), leaseToken: `lease_${"A".repeat(43)}` }),
    "is another task's": async () => ({ ...(await workedOn()), leaseToken: (await workedOn()).leaseToken }),
    "has lapsed": async () => {
      const leased = await workedOn();
      hub.test.clock.advanceBy(61);
      return leased;
    },
    "has lapsed and was taken back": async () => {
      const leased = await workedOn();
      await hub.pass(61);
      assert.equal((await hub.read(leased.task.id)).state, "submitted");
      return leased;
    },
    "was given to another worker": async () => {
      const leased = await workedOn();
      await hub.pass(61);
      await hub.pass(30);
      assert.equal((await hub.leaseOne(leased.task.agent)).attempt, 2);
      return leased;
    },
    "was released": async () => {
      const leased = await workedOn();
      await hub.say(leased, "release");
      return leased;
    },
    "failed and will be tried again": async () => {
      const leased = await workedOn();
      await hub.say(leased, "fail", { ...failure, retryable: true });
      return leased;
    },
    "lapsed when no attempt was left": async () => {
      const leased = await workedOn(await hub.agent({ maxAttempts: 1 }));
      await hub.pass(61);
      assert.equal((await hub.read(leased.task.id)).state, "failed");
      return leased;
    },
    "was redriven": async () => {
      const leased = await workedOn();
      await hub.say(leased, "fail", { ...failure, retryable: false });
      assert.equal((await hub.test.call("POST", `/api/v1/tasks/${leased.task.id}/retry`)).status, 202);
      return leased;
    },
  };

  for (const [loss, lose] of Object.entries(losses))
    for (const name of Object.keys(calls)) it(`${name}, when it ${loss}`, async () => refuses(name, await lose()));

  // Its worker hears of a cancellation with its heartbeat; the rest is as for any other.
  for (const name of Object.keys(calls))
    it(`${name}, when the task was canceled`, async () => {
      const leased = await workedOn();
      await hub.test.call("POST", `/api/v1/tasks/${leased.task.id}/cancel`);
      if (name !== "heartbeat") return await refuses(name, leased);
      const before = await hub.stored(leased.task.id);
      const answer = await calls["heartbeat"]?.(hub, leased);
      assert.deepEqual([answer?.status, answer?.body.signal], [200, "cancel"]);
      assert.deepEqual(await hub.stored(leased.task.id), before);
    });

  for (const name of Object.keys(calls))
    it(`${name}, by another project, which hears 404`, async () => {
      await refuses(name, await workedOn(), 404, await hub.test.inAnotherProject());
    });

  for (const name of Object.keys(calls))
    it(`${name}, by a worker of other agents, which hears 403 though it has the token`, async () => {
      const stranger = hub.test.as(await hub.test.keyFor("worker", [await hub.agent()]));
      await refuses(name, await workedOn(), 403, stranger);
    });

  for (const name of Object.keys(calls))
    it(`${name}, by a viewer`, async () => {
      await refuses(name, await workedOn(), 403, hub.test.as(await hub.test.keyFor("viewer")));
    });

  it("and none at all is a 422 that says where it belongs", async () => {
    const { task } = await workedOn();
    const path = `/api/v1/worker/tasks/${task.id}`;
    const complete = await hub.test.call("POST", `${path}/complete`, { result: 1 });
    assert.deepEqual([complete.status, complete.body.errors[0].path], [422, "leaseToken"]);
    const artifact = await hub.test.call("PUT", `${path}/artifacts/a`, Buffer.from("a"));
    assert.deepEqual([artifact.status, artifact.body.errors[0].path], [422, "Lease-Token"]);
  });
});
