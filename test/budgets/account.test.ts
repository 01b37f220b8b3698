import assert from "node:assert/strict";
import {
  type AccountState,
  type Charge,
  emptyAccount,
  findExhausted,
  findShortage,
  reserve,
  rollOver,
  takeIn,
  unreserve,
} from "../../src/budgets/account.ts";
import { type Budget, limitsOf } from "../../src/budgets/budget.ts";
import { readUsage } from "../../src/budgets/usage.ts";

const noon = Date.UTC(2026, 10, 20, 12, 30);
const hour = 3_600_000;

function charge(account: AccountState, fields: Partial<Charge>): void {
  takeIn(account, {
    chargedAt: noon,
    tokens: 0,
    cost: 0,
    released: { tokens: 0, cost: 0 },
    ended: undefined,
    ...fields,
  });
}

function shortOf(account: AccountState, budget: Budget): string | undefined {
  const shortage = findShortage(account, limitsOf(budget));
  return shortage === undefined ? undefined : `${shortage.limit.measure} per ${shortage.limit.period}`;
}

describe("An account", () => {
  it("has room for as many tasks as its budget says, in the hour and in the day", () => {
    const account = emptyAccount(noon);
    const budget = { tasksPerHour: 2, tasksPerDay: 3 };
    reserve(account);
    assert.equal(shortOf(account, budget), undefined);
    reserve(account);
    assert.equal(shortOf(account, budget), "tasks per hour");
    rollOver(account, noon + hour);
    assert.equal(shortOf(account, budget), undefined);
    reserve(account);
    assert.equal(shortOf(account, budget), "tasks per day");
    rollOver(account, noon + 24 * hour);
    assert.equal(shortOf(account, budget), undefined);
  });

  it("begins its windows with the hour and the day of UTC, and never goes back", () => {
    const account = emptyAccount(noon);
    const starts = () =>
      [account.windows.hour.startsAt, account.windows.day.startsAt].map((at) => new Date(at).toISOString());
    assert.deepEqual(starts(), ["2026-11-20T12:00:00.000Z", "2026-11-20T00:00:00.000Z"]);
    rollOver(account, noon + 12 * hour);
    assert.deepEqual(starts(), ["2026-11-21T00:00:00.000Z", "2026-11-21T00:00:00.000Z"]);
    rollOver(account, noon);
    assert.deepEqual(starts(), ["2026-11-21T00:00:00.000Z", "2026-11-21T00:00:00.000Z"]);
  });

  it("sets aside for a task what tasks have cost on average, and gives back what one does not use", () => {
    const account = emptyAccount(noon);
    const budget = { tokensPerHour: 1_000 };
    assert.deepEqual(reserve(account), { tokens: 0, cost: 0 });
    charge(account, { tokens: 400, ended: { tokens: 400, cost: 0 } });
    assert.deepEqual(reserve(account), { tokens: 400, cost: 0 });
    // 400 used, 400 set aside, and another 400 would be too many.
    assert.equal(shortOf(account, budget), "tokens per hour");
    charge(account, { tokens: 100, released: { tokens: 400, cost: 0 }, ended: { tokens: 100, cost: 0 } });
    assert.deepEqual(account.reserved, { tokens: 0, cost: 0 });
    assert.equal(account.average.tokens, 250);
    assert.equal(shortOf(account, budget), undefined);
  });

  it("lets one task at a time through that costs more than the whole budget", () => {
    const account = emptyAccount(noon);
    charge(account, { chargedAt: noon - 24 * hour, tokens: 5_000, ended: { tokens: 5_000, cost: 0 } });
    assert.equal(account.windows.hour.tokens, 0);
    assert.equal(shortOf(account, { tokensPerHour: 1_000 }), undefined);
    reserve(account);
    assert.equal(shortOf(account, { tokensPerHour: 1_000 }), "tokens per hour");
  });

  it("counts a charge in the windows that it was made in", () => {
    const account = emptyAccount(noon);
    charge(account, { chargedAt: noon - hour, tokens: 7 });
    assert.deepEqual([account.windows.hour.tokens, account.windows.day.tokens], [0, 7]);
  });

  it("adds up money exactly", () => {
    const account = emptyAccount(noon);
    const budget = { costPerHour: 1 };
    for (let times = 0; times < 9; times += 1) charge(account, { cost: readUsage({ costUsd: 0.1 }).cost ?? 0 });
    assert.equal(findExhausted(account, limitsOf(budget)), undefined);
    charge(account, { cost: readUsage({ costUsd: 0.1 }).cost ?? 0 });
    assert.equal(findExhausted(account, limitsOf(budget))?.used, 1_000_000);
  });

  it("is exhausted by tokens and cost, never by the number of tasks", () => {
    const account = emptyAccount(noon);
    const limits = limitsOf({ tasksPerHour: 1, tokensPerDay: 10 });
    reserve(account);
    assert.equal(findExhausted(account, limits), undefined);
    charge(account, { tokens: 10 });
    assert.equal(findExhausted(account, limits)?.limit.measure, "tokens");
  });

  it("forgets a task that is not made after all", () => {
    const account = emptyAccount(noon);
    charge(account, { ended: { tokens: 10, cost: 5 } });
    unreserve(account, reserve(account));
    assert.deepEqual([account.windows.hour.tasks, account.windows.day.tasks, account.reserved.tokens], [0, 0, 0]);
  });

  it("has room for nothing when a limit is 0", () => {
    for (const budget of [{ tasksPerHour: 0 }, { tokensPerDay: 0 }, { costPerDay: 0 }])
      assert.notEqual(shortOf(emptyAccount(noon), budget), undefined);
  });
});

describe("What a worker reports as usage", () => {
  const rows: [unknown, number | undefined, number | undefined][] = [
    [{ tokens: 10 }, 10, undefined],
    [{ inputTokens: 3, outputTokens: 4 }, 7, undefined],
    [{ input_tokens: 3, output_tokens: 4, cost_usd: 0.5 }, 7, 500_000],
    [{ totalTokens: 9, inputTokens: 3 }, 9, undefined],
    [{ costUsd: 0.000001 }, undefined, 1],
    [{ total_cost_usd: 2 }, undefined, 2_000_000],
    [{ tokens: -1, costUsd: "3" }, undefined, undefined],
    [{ tokens: 1e300 }, 1_000_000_000, undefined],
    [Object.create({ tokens: 5 }), undefined, undefined],
    ["many", undefined, undefined],
    [undefined, undefined, undefined],
  ];
  for (const [usage, tokens, cost] of rows)
    it(`counts in ${JSON.stringify(usage) ?? "nothing"}: ${tokens ?? "no"} tokens, ${cost ?? "no"} millionths`, () => {
      assert.deepEqual(readUsage(usage), { tokens, cost });
    });
});
