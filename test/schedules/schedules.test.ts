import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { fromWireId } from "../../src/lib/ids.ts";
import { scheduleQueue } from "../../src/schedules/schedule-queue.ts";
import { syncSchedules } from "../../src/schedules/sync-schedules.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";

const daily = {
  name: "Nightly report",
  cron: "30 2 * * 1-5",
  timezone: "Europe/Berlin",
  agent: "reporter",
  task: {
    input: "Report of ${event.body.schedule.name}",
    parameters: { type: "${event.type}", of: "${event.source.id}" },
    priority: 3,
  },
};

describe("Schedules", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
    assert.equal(
      (await test.call("POST", "/api/v1/agents", { name: "reporter", runner: { type: "pull" } })).status,
      201,
    );
  });
  after(() => test[Symbol.asyncDispose]());

  const add = async (changes: object = {}): Promise<TestAnswer["body"]> => {
    const { status, body } = await test.call("POST", "/api/v1/schedules", { ...daily, ...changes });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const uuid = (id: string): string => fromWireId("schedule", id) as string;
  const known = async (id: string): Promise<object | undefined> =>
    (await test.hub.services.queue.schedules(scheduleQueue)).find(({ key }) => key === uuid(id));
  // As pg-boss does when a time has come.
  const come = async (id: string): Promise<void> => {
    const { db, queue } = test.hub.services;
    await queue.insert(db, scheduleQueue, [{ id: randomUUID(), data: { scheduleId: uuid(id) } }]);
  };
  const makeOld = (id: string): Promise<unknown> =>
    test.hub.services.db.query(
      { text: "UPDATE schedules SET effective_from = effective_from - interval '8 days' WHERE id = $1" },
      [uuid(id)],
    );
  const tasks = async (): Promise<TestAnswer["body"][]> =>
    (await test.call("GET", "/api/v1/tasks?limit=200")).body.data;

  it("are added, read, listed, changed and deleted, and pg-boss is told", async () => {
    const made = await add();
    assert.match(made.id, /^sch_/);
    assert.deepEqual([made.missed, made.enabled, made.agent], ["skip", true, "reporter"]);
    assert.match(made.nextRunAt, /T0[01]:30:00\.000Z$/);
    assert.deepEqual(await known(made.id), {
      key: uuid(made.id),
      cron: daily.cron,
      timezone: "Europe/Berlin",
      missed: "skip",
    });
    const path = `/api/v1/schedules/${made.id}`;
    assert.deepEqual((await test.call("GET", path)).body, made);
    assert.deepEqual((await test.call("GET", "/api/v1/schedules")).body.data[0], made);

    const off = await test.call("PATCH", path, { enabled: false });
    assert.deepEqual([off.body.enabled, off.body.nextRunAt, await known(made.id)], [false, undefined, undefined]);
    const changed = await test.call("PATCH", path, {
      enabled: true,
      cron: "0 * * * *",
      missed: "once",
      timezone: "UTC",
    });
    assert.equal(changed.status, 200);
    assert.deepEqual(await known(made.id), { key: uuid(made.id), cron: "0 * * * *", timezone: "UTC", missed: "once" });

    assert.equal((await test.call("DELETE", path)).status, 204);
    assert.equal((await test.call("GET", path)).status, 404);
    assert.equal(await known(made.id), undefined);
    const audit = (await test.call("GET", "/api/v1/audit")).body.data.map(({ action }: { action: string }) => action);
    assert.deepEqual(audit.slice(0, 4), ["schedule.delete", "schedule.update", "schedule.update", "schedule.create"]);
  });

  it("are refused with the field that is wrong", async () => {
    for (const [changes, path] of [
      [{ cron: "61 * * * *" }, "cron"],
      [{ cron: "* * * * * *" }, "cron"],
      [{ cron: "0 0 31 2 *" }, "cron"],
      [{ cron: "a\u0000 * * * *" }, "cron"],
      [{ timezone: "Europe/Berlim" }, "timezone"],
      [{ agent: "nobody" }, "agent"],
      [{ task: { input: "${event.nothing}" } }, "task.input"],
      [{ missed: "all" }, "missed"],
      [{ every: "day" }, ""],
    ] as const) {
      const { status, body } = await test.call("POST", "/api/v1/schedules", { ...daily, ...changes });
      assert.equal(status, 422, JSON.stringify(changes));
      assert.ok(
        body.errors.some((error: { path: string }) => error.path.startsWith(path)),
        JSON.stringify(body),
      );
    }
  });

  it("make one task for each time that comes, rendered as a route's", async () => {
    const made = await add();
    await makeOld(made.id);
    await come(made.id);
    await test.hub.processAll();
    const { lastTaskId, lastRunAt } = (await test.call("GET", `/api/v1/schedules/${made.id}`)).body;
    assert.ok(lastRunAt);
    const task = (await test.call("GET", `/api/v1/tasks/${lastTaskId}`)).body;
    assert.deepEqual(
      [task.agent, task.input, task.priority, task.parameters],
      ["reporter", "Report of Nightly report", 3, { type: "schedule.fired", of: made.id }],
    );
    const count = (await tasks()).length;
    await test.hub.processAll();
    assert.equal((await tasks()).length, count);
  });

  it("do nothing for a time before they were made, and none when they are off", async () => {
    const count = (await tasks()).length;
    const fresh = await add();
    await come(fresh.id);
    const off = await add({ enabled: false });
    await makeOld(off.id);
    await come(off.id);
    await test.hub.processAll();
    assert.equal((await tasks()).length, count);
  });

  it("say why a run made no task, and the others run", async () => {
    const broken = await add();
    // As if an older hub had stored what this one does not take any more.
    const task = JSON.stringify({ input: "${event.nothing}" });
    await test.hub.services.db.query({ text: "UPDATE schedules SET task = $1::json WHERE id = $2" }, [
      task,
      uuid(broken.id),
    ]);
    const whole = await add();
    for (const { id } of [broken, whole]) {
      await makeOld(id);
      await come(id);
    }
    await test.hub.processAll();
    const failed = (await test.call("GET", `/api/v1/schedules/${broken.id}`)).body;
    assert.equal(failed.lastTaskId, undefined);
    assert.match(failed.lastError, /task\.input/);
    assert.ok((await test.call("GET", `/api/v1/schedules/${whole.id}`)).body.lastTaskId);
  });

  it("run at once when asked to", async () => {
    const made = await add({ enabled: false });
    const { status, body } = await test.call("POST", `/api/v1/schedules/${made.id}/run`);
    assert.equal(status, 202);
    assert.equal((await test.call("GET", `/api/v1/tasks/${body.taskId}`)).body.state, "submitted");
    assert.equal((await test.call("GET", `/api/v1/schedules/${made.id}`)).body.lastTaskId, body.taskId);
  });

  it("are run by pg-boss when their minute has come", async () => {
    const made = await add({ cron: "* * * * *" });
    // The minute that is past is theirs too, so that this need not wait for the next one.
    await makeOld(made.id);
    await eventually(async () => {
      await test.hub.processAll();
      assert.ok((await test.call("GET", `/api/v1/schedules/${made.id}`)).body.lastTaskId);
    }, 18_000);
  });

  it("are told to pg-boss again when that went missing, and those that are gone are taken back", async () => {
    const made = await add();
    const { queue } = test.hub.services;
    const stray = randomUUID();
    await queue.unschedule(scheduleQueue, uuid(made.id));
    await queue.schedule(scheduleQueue, stray, { cron: "0 0 * * *", timezone: "UTC", missed: "skip" }, {});
    await syncSchedules(test.hub.services);
    const keys = (await queue.schedules(scheduleQueue)).map(({ key }) => key);
    assert.ok(keys.includes(uuid(made.id)));
    assert.ok(!keys.includes(stray));
  });

  it("are read by a viewer, switched by an operator, and another project's are not found", async () => {
    const made = await add();
    const path = `/api/v1/schedules/${made.id}`;
    const viewer = test.as(await test.keyFor("viewer"));
    assert.equal((await viewer("GET", path)).status, 200);
    assert.equal((await viewer("PATCH", path, { enabled: false })).status, 403);
    assert.equal((await viewer("POST", `${path}/run`)).status, 403);
    const operator = test.as(await test.keyFor("operator"));
    assert.equal((await operator("PATCH", path, { enabled: false })).status, 200);
    assert.equal((await operator("PATCH", path, { name: "x" })).status, 403);
    const stranger = await test.inAnotherProject();
    for (const [method, at] of [
      ["GET", path],
      ["DELETE", path],
      ["POST", `${path}/run`],
    ] as const)
      assert.equal((await stranger(method, at)).status, 404);
  });
});
