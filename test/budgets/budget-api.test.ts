import assert from "node:assert/strict";
import { chargeUsage } from "../../src/budgets/charge-usage.ts";
import { reserveTasks } from "../../src/budgets/reserve-tasks.ts";
import { returnReservations } from "../../src/budgets/return-reservations.ts";
import type { Transaction } from "../../src/platform/database.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";

const path = "/api/v1/budget";

describe("The budget of a project", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
  });
  after(() => test[Symbol.asyncDispose]());

  it("is set, read with what is used of it, replaced and taken away", async () => {
    assert.equal((await test.call("GET", path)).status, 404);
    const set = await test.call("PUT", path, { tasksPerDay: 5, costPerHour: 0.5 });
    assert.equal(set.status, 200);
    assert.deepEqual(
      [set.body.scope, set.body.id, set.body.limits],
      ["project", test.projectId, { tasksPerDay: 5, costPerHour: 0.5 }],
    );
    const { hour, day } = set.body.used;
    assert.deepEqual([hour.tasks, hour.tokens, hour.costUsd, day.tasks], [0, 0, 0, 0]);
    assert.equal(Date.parse(hour.endsAt) - Date.parse(hour.startsAt), 3_600_000);
    assert.match(day.startsAt, /T00:00:00\.000Z$/);
    assert.deepEqual((await test.call("PUT", path, { tokensPerHour: 7 })).body.limits, { tokensPerHour: 7 });
    assert.deepEqual((await test.call("GET", path)).body.limits, { tokensPerHour: 7 });
    assert.equal((await test.call("DELETE", path)).status, 204);
    assert.equal((await test.call("DELETE", path)).status, 404);
  });

  it("refuses what is no budget, naming the field", async () => {
    for (const [body, at] of [
      [{}, ""],
      [{ tasksPerWeek: 1 }, "tasksPerWeek"],
      [{ tasksPerHour: -1 }, "tasksPerHour"],
      [{ tasksPerHour: 1.5 }, "tasksPerHour"],
      [{ costPerDay: "1" }, "costPerDay"],
      [{ tokensPerDay: 1e300 }, "tokensPerDay"],
    ] as const) {
      const answer = await test.call("PUT", path, body);
      assert.equal(answer.status, 422, JSON.stringify(body));
      assert.equal(answer.body.errors[0].path, at);
    }
  });

  it("is written by those who configure, and read by all who look at the hub", async () => {
    await test.call("PUT", path, { tasksPerDay: 1_000 });
    for (const [role, read, write] of [
      ["admin", 200, 200],
      ["developer", 200, 200],
      ["operator", 200, 403],
      ["viewer", 200, 403],
      ["worker", 403, 403],
    ] as const) {
      const call = test.as(await test.keyFor(role, role === "worker" ? ["any"] : undefined));
      assert.equal((await call("GET", path)).status, read, role);
      assert.equal((await call("PUT", path, { tasksPerDay: 1_000 })).status, write, role);
    }
    const other = await test.inAnotherProject();
    assert.equal((await other("GET", path)).status, 404);
    await test.call("DELETE", path);
  });

  it("that there is none costs no statement", async () => {
    const { services } = test.hub;
    const task = { projectId: services.newId(), agentId: services.newId() };
    assert.equal(await services.budgets.covers(services.db, task), false);
    const unused: Transaction = {
      query: () => Promise.reject(new Error("a statement")),
      afterCommit: () => assert.fail("a callback"),
      get kysely(): never {
        throw new Error("a statement");
      },
    };
    const taskId = services.newId();
    const report = { ...task, taskId, attempt: 1, usage: { tokens: 1 }, hasEnded: true };
    assert.equal((await chargeUsage(unused, services, [report])).size, 0);
    assert.deepEqual(await reserveTasks(unused, services, [{ ...task, id: taskId }]), [undefined]);
    await returnReservations(unused, services, [{ ...task, id: taskId }]);
  });

  it("is announced by the hub alone", async () => {
    for (const type of ["budget.exceeded", "route.paused"])
      assert.equal((await test.call("POST", "/api/v1/messages", { type, data: {} })).status, 422, type);
  });

  it("stands in one list with those of agents and routes", async () => {
    const agent = await test.call("POST", "/api/v1/agents", {
      name: "thrifty",
      runner: { type: "pull" },
      limits: { budget: { tasksPerHour: 2 } },
    });
    assert.deepEqual([agent.status, agent.body.limits], [201, { budget: { tasksPerHour: 2 } }]);
    const route = await test.call("POST", "/api/v1/routes", {
      name: "frugal",
      agent: "thrifty",
      task: { input: "Do it" },
      limits: { budget: { costPerDay: 3 } },
    });
    assert.deepEqual([route.status, route.body.limits], [201, { budget: { costPerDay: 3 } }]);
    await test.call("PUT", path, { tasksPerDay: 9 });
    const all = (await test.call("GET", "/api/v1/budgets")).body.data as { scope: string; name: string }[];
    assert.deepEqual(
      all.map(({ scope, name }) => `${scope} ${name}`),
      ["route frugal", "agent thrifty", "project Test"],
    );
    const first = (await test.call("GET", "/api/v1/budgets?limit=2")).body;
    const rest = (await test.call("GET", `/api/v1/budgets?limit=2&cursor=${first.nextCursor}`)).body;
    assert.deepEqual([first.data.length, rest.data.length, rest.nextCursor], [2, 1, undefined]);
    assert.deepEqual((await (await test.inAnotherProject())("GET", "/api/v1/budgets")).body.data, []);
  });
});
