import { type Limit, type Measure, type Period, periods } from "./budget.ts";

/** Tokens, and cost in millionths of a dollar. */
export interface Amounts {
  readonly tokens: number;
  readonly cost: number;
}

/** What was used since an hour or a day began. */
interface Window {
  /** Milliseconds since the epoch. */
  readonly startsAt: number;
  tasks: number;
  tokens: number;
  cost: number;
  /** Whether it has been said that the budget is used up. */
  isAnnounced: boolean;
}

/** What a route, an agent or a project has used of its budget, and what is set aside for its open tasks. */
export interface AccountState {
  windows: Record<Period, Window>;
  reserved: { tokens: number; cost: number };
  /** What a task has cost on average. */
  average: { tokens: number; cost: number };
  /** Over how many tasks, at most `averagedOver`. */
  averaged: number;
}

/** What was used between two reports, and what of the reservation that replaces. */
export interface Charge extends Amounts {
  readonly chargedAt: number;
  readonly released: Amounts;
  /** What the task has cost altogether, when it has ended. */
  readonly ended: Amounts | undefined;
}

/** A limit that leaves no room, and how much of it is used or set aside. */
export interface Shortage {
  readonly limit: Limit;
  readonly used: number;
  readonly reserved: number;
  /** When its window ends, in milliseconds since the epoch. */
  readonly endsAt: number;
}

export const periodMs: Readonly<Record<Period, number>> = { hour: 3_600_000, day: 86_400_000 };

// Old tasks fade: the average follows when an agent gets another model.
const averagedOver = 50;

// Unix time has no leap seconds, so that hours and days of UTC are multiples.
function windowAt(period: Period, nowMs: number): Window {
  const startsAt = Math.floor(nowMs / periodMs[period]) * periodMs[period];
  return { startsAt, tasks: 0, tokens: 0, cost: 0, isAnnounced: false };
}

/** An account that nothing was used of. */
export function emptyAccount(nowMs: number): AccountState {
  return {
    windows: { hour: windowAt("hour", nowMs), day: windowAt("day", nowMs) },
    reserved: { tokens: 0, cost: 0 },
    average: { tokens: 0, cost: 0 },
    averaged: 0,
  };
}

/** Begins the hour and the day anew when they are over. Never goes back: clocks of two processes differ. */
export function rollOver(account: AccountState, nowMs: number): void {
  for (const period of periods) {
    const current = windowAt(period, nowMs);
    if (current.startsAt > account.windows[period].startsAt) account.windows[period] = current;
  }
}

/** Takes in what was reported. What belongs to a window that is over counts in it no more. */
export function takeIn(account: AccountState, charge: Charge): void {
  for (const period of periods) {
    const window = account.windows[period];
    if (charge.chargedAt < window.startsAt) continue;
    window.tokens = Math.max(0, window.tokens + charge.tokens);
    window.cost = Math.max(0, window.cost + charge.cost);
  }
  const { reserved, average } = account;
  reserved.tokens = Math.max(0, reserved.tokens - charge.released.tokens);
  reserved.cost = Math.max(0, reserved.cost - charge.released.cost);
  if (charge.ended === undefined) return;
  account.averaged = Math.min(account.averaged + 1, averagedOver);
  average.tokens += (charge.ended.tokens - average.tokens) / account.averaged;
  average.cost += (charge.ended.cost - average.cost) / account.averaged;
}

function usedOf(account: AccountState, { measure, period }: Limit): number {
  return account.windows[period][measure];
}

function reservedOf(account: AccountState, measure: Measure): number {
  return measure === "tasks" ? 0 : account.reserved[measure];
}

function shortageOf(account: AccountState, limit: Limit): Shortage {
  const { startsAt } = account.windows[limit.period];
  const used = usedOf(account, limit);
  return { limit, used, reserved: reservedOf(account, limit.measure), endsAt: startsAt + periodMs[limit.period] };
}

/**
 * The first limit that has no room for one more task, if there is one. For tokens and cost, what open tasks are expected to use counts
 * as used, and the next is expected to use the average; no more than the limit, else an agent whose tasks cost more than
 * its budget would never work again.
 */
export function findShortage(account: AccountState, limits: readonly Limit[]): Shortage | undefined {
  const short = limits.find((limit) => {
    const taken = usedOf(account, limit) + reservedOf(account, limit.measure);
    if (taken >= limit.units) return true;
    const expected = limit.measure === "tasks" ? 1 : Math.round(account.average[limit.measure]);
    return taken + Math.min(expected, limit.units) > limit.units;
  });
  return short === undefined ? undefined : shortageOf(account, short);
}

/** The first limit on tokens or cost that is used up: whoever works under it should stop. */
export function findExhausted(account: AccountState, limits: readonly Limit[]): Shortage | undefined {
  const spent = limits.find((limit) => limit.measure !== "tasks" && usedOf(account, limit) >= limit.units);
  return spent === undefined ? undefined : shortageOf(account, spent);
}

/** Counts one task, and sets aside what it is expected to use: the answer. */
export function reserve(account: AccountState): Amounts {
  for (const period of periods) account.windows[period].tasks += 1;
  const { average, reserved } = account;
  const expected = { tokens: Math.round(average.tokens), cost: Math.round(average.cost) };
  reserved.tokens += expected.tokens;
  reserved.cost += expected.cost;
  return expected;
}

/** Takes back what `reserve` did, for a task that is not made after all. */
export function unreserve(account: AccountState, expected: Amounts): void {
  for (const period of periods) account.windows[period].tasks = Math.max(0, account.windows[period].tasks - 1);
  account.reserved.tokens = Math.max(0, account.reserved.tokens - expected.tokens);
  account.reserved.cost = Math.max(0, account.reserved.cost - expected.cost);
}
