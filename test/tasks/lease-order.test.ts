import assert from "node:assert/strict";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("Leasing goes by priority, then age", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const idsOf = (leased: readonly Leased[]): string[] => leased.map(({ task }) => task.id);
  const make = async (agent: string, priorities: readonly number[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const priority of priorities) ids.push(await hub.task(agent, { priority }));
    return ids;
  };

  it("one at a time", async () => {
    const agent = await hub.agent();
    const [low, old, young, high] = await make(agent, [-1, 0, 0, 7]);
    const got: string[] = [];
    for (let count = 0; count < 4; count += 1) got.push((await hub.leaseOne(agent)).task.id);
    assert.deepEqual(got, [high, old, young, low]);
    assert.deepEqual(await hub.lease(agent), []);
  });

  it("in a batch, which has at most `max` of them", async () => {
    const agent = await hub.agent();
    const ids = await make(agent, [0, 5, 0, 9, 0, 5]);
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 4 })), [ids[3], ids[1], ids[5], ids[0]]);
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 100 })), [ids[2], ids[4]]);
  });

  it("over all the agents that a worker serves, whatever their order in the call", async () => {
    const [one, other] = [await hub.agent(), await hub.agent()];
    const first = await hub.task(one);
    const second = await hub.task(other);
    const third = await hub.task(one);
    const urgent = await hub.task(other, { priority: 1 });
    const got: string[] = [];
    for (let count = 0; count < 4; count += 1)
      got.push(...idsOf(await hub.lease(count % 2 === 0 ? [one, other] : [other, one])));
    assert.deepEqual(got, [urgent, first, second, third]);
  });

  it("over all the agents, also in a batch", async () => {
    const agents = [await hub.agent(), await hub.agent(), await hub.agent()];
    const ids: string[] = [];
    for (let count = 0; count < 9; count += 1) ids.push(await hub.task(agents[count % 2] as string));
    assert.deepEqual(idsOf(await hub.lease(agents, { max: 5 })), ids.slice(0, 5));
    assert.deepEqual(idsOf(await hub.lease(agents, { max: 50 })), ids.slice(5));
  });

  it("and passes by an agent that has no place free", async () => {
    const [full, free] = [await hub.agent({ concurrency: 1 }), await hub.agent()];
    const [busy, waiting] = await make(full, [0, 9]);
    const other = await hub.task(free);
    assert.deepEqual(idsOf(await hub.lease(full)), [waiting]);
    assert.deepEqual(idsOf(await hub.lease([full, free], { max: 10 })), [other]);
    assert.equal((await hub.read(busy as string)).state, "submitted");
  });

  it("and a task that was given back stands where it stood", async () => {
    const agent = await hub.agent();
    const [first, second] = await make(agent, [0, 0]);
    const leased = await hub.leaseOne(agent);
    assert.equal(leased.task.id, first);
    assert.equal((await hub.say(leased, "release")).status, 200);
    assert.deepEqual(idsOf(await hub.lease(agent, { max: 2 })), [first, second]);
  });

  it("gives each task to one of many workers that serve several agents", async () => {
    const agents = [await hub.agent(), await hub.agent()];
    // The oldest is everybody's first choice: whoever comes too late for it must find the others.
    const ids = [await hub.task(agents[0] as string)];
    for (let count = 0; count < 19; count += 1) ids.push(await hub.task(agents[1] as string));
    const batches = await Promise.all(ids.map(() => hub.lease(agents)));
    assert.deepEqual(batches.flatMap(idsOf).toSorted(), ids);
  });
});
