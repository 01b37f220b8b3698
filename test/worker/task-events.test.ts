import assert from "node:assert/strict";
import { type Leased, startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

describe("What a worker reports while it works", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const leased = async (): Promise<Leased> => {
    const agent = await hub.agent();
    await hub.task(agent);
    return await hub.leaseOne(agent);
  };
  const report = async (work: Leased, events: readonly object[]) => {
    const { status, body } = await hub.say(work, "events", { events });
    return [status, body.recorded ?? body.errors?.[0].path];
  };
  const listed = async (work: Leased) => {
    const { body } = await hub.test.call("GET", `/api/v1/tasks/${work.task.id}/events`);
    return body.data.map(({ attempt, seq, type, data }: Record<string, unknown>) => [attempt, seq, type, data]);
  };

  it("is kept once for each `seq`, the first that came", async () => {
    const work = await leased();
    const one = { seq: 1, type: "log", data: "a" };
    assert.deepEqual(await report(work, [one, { seq: 2, type: "log" }]), [200, 2]);
    assert.deepEqual(
      await report(work, [
        { ...one, data: "another" },
        { seq: 3, type: "tool", data: { x: [1] } },
      ]),
      [200, 1],
    );
    assert.deepEqual(await report(work, [one, one]), [200, 0]);
    assert.deepEqual(
      await report(work, [
        { seq: 4, type: "log" },
        { seq: 4, type: "log" },
      ]),
      [200, 1],
    );
    assert.deepEqual(await listed(work), [
      [1, 4, "log", undefined],
      [1, 3, "tool", { x: [1] }],
      [1, 2, "log", undefined],
      [1, 1, "log", "a"],
    ]);
  });

  it("counts anew in each attempt", async () => {
    const work = await leased();
    await report(work, [{ seq: 0, type: "log", data: "first" }]);
    await hub.say(work, "release");
    const again = await hub.leaseOne(work.task.agent);
    assert.deepEqual(await report(again, [{ seq: 0, type: "log", data: "second" }]), [200, 1]);
    assert.deepEqual(await listed(work), [
      [2, 0, "log", "second"],
      [1, 0, "log", "first"],
    ]);
  });

  it("is kept once when the same call comes many times at once", async () => {
    const work = await leased();
    const events = Array.from({ length: 20 }, (_, seq) => ({ seq, type: "log" }));
    const answers = await Promise.all(Array.from({ length: 5 }, () => report(work, events)));
    assert.deepEqual(
      answers.map(([status]) => status),
      [200, 200, 200, 200, 200],
    );
    assert.equal(
      answers.reduce((sum, [, recorded]) => sum + recorded, 0),
      20,
    );
  });

  it("is refused where it is not well formed", async () => {
    const work = await leased();
    const bad: readonly (readonly [string, readonly object[]])[] = [
      ["events", []],
      ["events.0.seq", [{ seq: -1, type: "log" }]],
      ["events.0.seq", [{ seq: 1.5, type: "log" }]],
      ["events.0.seq", [{ seq: 2 ** 60, type: "log" }]],
      [
        "events.1.type",
        [
          { seq: 1, type: "log" },
          { seq: 2, type: "" },
        ],
      ],
      ["events.0.type", [{ seq: 1, type: "a\u0000b" }]],
      ["events.0.extra", [{ seq: 1, type: "log", extra: 1 }]],
      ["events", Array.from({ length: 501 }, (_, seq) => ({ seq, type: "log" }))],
    ];
    for (const [path, events] of bad) assert.deepEqual(await report(work, events), [422, path]);
    assert.deepEqual(await listed(work), []);
    const most = [{ seq: Number.MAX_SAFE_INTEGER, type: "x".repeat(100) }];
    assert.deepEqual(await report(work, most), [200, 1]);
  });
});
