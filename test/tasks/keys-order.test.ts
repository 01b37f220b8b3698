import assert from "node:assert/strict";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const failure = { error: { code: "no", message: "No" }, retryable: false };

describe("An order key has its tasks done one after the other", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, maxAttempts: 2 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const make = (agent: string, order: unknown, fields: object = {}): Promise<string> =>
    hub.task(agent, { keys: { order }, ...fields });
  const several = async (agent: string, order: unknown, count: number): Promise<[string, string, string]> => {
    const ids: string[] = [];
    for (let made = 0; made < count; made += 1) ids.push(await make(agent, order));
    return ids as [string, string, string];
  };
  const next = async (agent: string): Promise<string | undefined> => (await hub.lease(agent, { max: 9 }))[0]?.task.id;
  const ready = async (agent: string): Promise<string[]> => {
    const leases = await hub.lease(agent, { max: 9 });
    for (const leased of leases) assert.equal((await hub.say(leased, "release")).status, 200);
    return leases.map(({ task }) => task.id);
  };
  const post = (id: string, verb: string) => hub.test.call("POST", `/api/v1/tasks/${id}/${verb}`);

  it("in the order of their making, whatever their priority", async () => {
    const agent = await hub.agent();
    const first = await make(agent, "k");
    const second = await make(agent, "k", { priority: 9 });
    const third = await make(agent, "k");
    assert.equal((await hub.read(second)).waitingFor, "order");
    const done: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const leases = await hub.lease(agent, { max: 9 });
      assert.equal(leases.length, 1);
      for (const leased of leases) {
        done.push(leased.task.id);
        await hub.say(leased, "complete");
      }
    }
    assert.deepEqual(done, [first, second, third]);
  });

  it("and the next goes on after one failed, or was canceled", async () => {
    const agent = await hub.agent();
    const [first, second, third] = await several(agent, "k", 3);
    const leased = await hub.leaseOne(agent);
    assert.equal(leased.task.id, first);
    await hub.say(leased, "fail", failure);
    assert.deepEqual(await ready(agent), [second]);
    await post(second, "cancel");
    assert.deepEqual(await ready(agent), [third]);
  });

  it("and one between two attempts keeps its turn", async () => {
    const agent = await hub.agent();
    const [first] = await several(agent, "k", 2);
    await hub.say(await hub.leaseOne(agent), "fail", { ...failure, retryable: true, retryAfterSeconds: 30 });
    assert.deepEqual(await ready(agent), []);
    await hub.pass(31);
    assert.equal(await next(agent), first);
  });

  it("and waits for the time of the first", async () => {
    const agent = await hub.agent();
    const startAfter = new Date(hub.test.clock.now() + 60_000).toISOString();
    const later = await make(agent, "k", { startAfter });
    const second = await make(agent, "k");
    assert.deepEqual(await ready(agent), []);
    assert.equal((await hub.read(later)).waitingFor, undefined);
    await hub.pass(61);
    assert.equal(await next(agent), later);
    assert.equal((await hub.read(second)).waitingFor, "order");
  });

  it("and one that is retried goes to the end when the next went on without it", async () => {
    const agent = await hub.agent();
    const [first, second] = await several(agent, "k", 2);
    await hub.say(await hub.leaseOne(agent), "fail", failure);
    const third = await make(agent, "k");
    const retried = await post(first, "retry");
    assert.deepEqual([retried.status, retried.body.waitingFor], [202, "order"]);
    for (const id of [second, third, first]) {
      const leased = await hub.leaseOne(agent);
      assert.equal(leased.task.id, id);
      await hub.say(leased, "complete");
    }
  });

  describe("that blocks on failure", () => {
    const order = { key: "k", onFailure: "block" };
    const failFirst = async (agent: string): Promise<[string, string, string]> => {
      const ids = await several(agent, order, 3);
      await hub.say(await hub.leaseOne(agent), "fail", failure);
      const failed = await hub.read(ids[0]);
      assert.deepEqual([failed.state, failed.isBlocking], ["failed", true]);
      assert.deepEqual(await ready(agent), []);
      assert.equal((await hub.read(ids[1])).waitingFor, "order");
      return ids;
    };

    it("waits until the failed one is retried and completes", async () => {
      const agent = await hub.agent();
      const [first, second] = await failFirst(agent);
      const retried = await post(first, "retry");
      assert.deepEqual([retried.body.waitingFor, "isBlocking" in retried.body], [undefined, false]);
      const leased = await hub.leaseOne(agent);
      assert.equal(leased.task.id, first);
      assert.deepEqual(await ready(agent), []);
      await hub.say(leased, "complete");
      assert.deepEqual(await ready(agent), [second]);
    });

    it("and blocks again when it fails again", async () => {
      const agent = await hub.agent();
      const [first, second] = await failFirst(agent);
      await post(first, "retry");
      await hub.say(await hub.leaseOne(agent), "fail", failure);
      assert.equal((await hub.read(first)).isBlocking, true);
      assert.equal((await post(first, "skip")).status, 200);
      assert.deepEqual(await ready(agent), [second]);
    });

    it("or until somebody skips it, which is written down", async () => {
      const agent = await hub.agent();
      const [first, second] = await failFirst(agent);
      const skipped = await post(first, "skip");
      assert.deepEqual([skipped.status, skipped.body.state, "isBlocking" in skipped.body], [200, "failed", false]);
      assert.equal(await next(agent), second);
      const { body } = await hub.test.call("GET", "/api/v1/audit?limit=1");
      assert.deepEqual([body.data[0].action, body.data[0].target], ["task.skip", first]);
      const again = await post(first, "skip");
      assert.deepEqual([again.status, again.body.code], [409, "not_blocking"]);
    });

    it("or until it is retried and then canceled", async () => {
      const agent = await hub.agent();
      const [first, second] = await failFirst(agent);
      await post(first, "retry");
      await post(first, "cancel");
      assert.deepEqual(await ready(agent), [second]);
    });

    it("also when its lease has lapsed for the last time", async () => {
      const agent = await hub.agent({ maxAttempts: 1 });
      const [first] = await several(agent, order, 2);
      await hub.leaseOne(agent);
      await hub.pass(61);
      assert.deepEqual([(await hub.read(first)).isBlocking, await ready(agent)], [true, []]);
    });

    it("and nobody skips what does not block, or is another project's", async () => {
      const agent = await hub.agent();
      const id = await hub.task(agent);
      assert.equal((await post(id, "skip")).status, 409);
      const stranger = await hub.test.inAnotherProject();
      assert.equal((await stranger("POST", `/api/v1/tasks/${id}/skip`)).status, 404);
      const viewer = hub.test.as(await hub.test.keyFor("viewer"));
      assert.equal((await viewer("POST", `/api/v1/tasks/${id}/skip`)).status, 403);
    });
  });

  it("beside a concurrency key: its turn first, then a place", async () => {
    const agent = await hub.agent();
    const keys = (order: string) => ({ keys: { order, concurrency: "all" } });
    const a1 = await hub.task(agent, keys("a"));
    const a2 = await hub.task(agent, keys("a"));
    const b1 = await hub.task(agent, keys("b"));
    const waits = async (): Promise<unknown[]> =>
      await Promise.all([a1, a2, b1].map(async (id) => (await hub.read(id)).waitingFor));
    assert.deepEqual(await waits(), [undefined, "order", "concurrency"]);
    await hub.say(await hub.leaseOne(agent), "complete");
    // b1 asked for the place before a2's turn came.
    assert.deepEqual((await waits()).slice(1), ["concurrency", undefined]);
    await hub.say(await hub.leaseOne(agent), "complete");
    assert.equal(await next(agent), a2);
  });
});
