import type { ScopeShortage } from "../../budgets/announce-shortages.ts";
import { describeShortage } from "../../budgets/describe-shortage.ts";
import { reserveTasks, type TaskReservation, wouldReserve } from "../../budgets/reserve-tasks.ts";
import { returnReservations } from "../../budgets/return-reservations.ts";
import type { Executor, Transaction } from "../../platform/database.ts";
import type { TaskServices } from "../../tasks/announce-tasks.ts";
import type { CandidateLimits } from "../pending-candidate.ts";
import { announceTripped } from "./announce-tripped.ts";
import { type Breakers, lockBreakers, openUntil, peekBreakers, saveBreakers, trips } from "./breakers.ts";
import type { Hold } from "./hold-of.ts";
import { countRates, type RatedEvent, wouldExceedRates } from "./rate-windows.ts";

/** An event on its way through a route, of which the database has to say whether it may go on. */
export interface Admission {
  /** The uuid of the task that it would become. */
  readonly taskId: string;
  readonly projectId: string;
  readonly agentId: string;
  readonly routeId: string;
  readonly limits?: CandidateLimits | undefined;
  /** When the event came, in milliseconds since the epoch; of a replayed one, when it was routed again. */
  readonly atMs: number;
  /**
   * `whole`: the event becomes the task. `event`: it joins those that the route collects; its rate is counted, and whether
   * there could be a task is only asked. `task`: what was collected becomes the task, and its rates are behind it.
   */
  readonly stage: "whole" | "event" | "task";
}

type Answers = (Hold | undefined)[];

interface Indexed {
  readonly admission: Admission;
  readonly index: number;
}

function stillFree(admissions: readonly Admission[], answers: Answers): Indexed[] {
  return admissions.flatMap((admission, index) => (answers[index] === undefined ? [{ admission, index }] : []));
}

function ratedEvents(admissions: readonly Admission[]): (RatedEvent & { readonly index: number })[] {
  return admissions.flatMap(({ routeId, limits, atMs, stage }, index) => {
    if (stage === "task" || limits?.rate === undefined) return [];
    const { key, count, perSeconds } = limits.rate;
    return [{ routeId, key, count, perSeconds, atMs, index }];
  });
}

function holdRates(
  answers: Answers,
  events: ReturnType<typeof ratedEvents>,
  rooms: readonly (number | undefined)[],
): void {
  for (const [place, { index, count, perSeconds, key }] of events.entries()) {
    const roomAt = rooms[place];
    if (roomAt === undefined) continue;
    const what = key === undefined ? "the route" : "this key";
    const again = new Date(roomAt).toISOString();
    answers[index] = {
      reason: "rate_limited",
      detail: `${what} takes ${count} in ${perSeconds} s; again from ${again}`,
    };
  }
}

function breakerRoutes(admissions: readonly Admission[]): string[] {
  return admissions.flatMap(({ routeId, limits }) => (limits?.breaker === undefined ? [] : [routeId]));
}

function breakerHold(untilMs: number): Hold {
  const until = new Date(untilMs).toISOString();
  return { reason: "breaker_open", detail: `the route made too many tasks; its breaker is open until ${until}` };
}

function holdOpen(answers: Answers, admissions: readonly Admission[], breakers: Breakers, nowMs: number): void {
  for (const { admission, index } of stillFree(admissions, answers)) {
    if (admission.limits?.breaker === undefined) continue;
    const until = openUntil(breakers, admission.routeId, nowMs);
    if (until !== undefined) answers[index] = breakerHold(until);
  }
}

function reservationOf({ taskId, projectId, agentId, routeId, stage }: Admission): TaskReservation {
  return { id: taskId, projectId, agentId, routeId, reserves: stage !== "event" };
}

function holdShort(
  answers: Answers,
  free: readonly Indexed[],
  shortages: readonly (ScopeShortage | undefined)[],
): void {
  for (const [place, { index }] of free.entries()) {
    const short = shortages[place];
    if (short !== undefined) answers[index] = { reason: "budget_exceeded", detail: describeShortage(short) };
  }
}

/** Those whose task is one too many for their breaker: they open it, and are held with those that come after. */
function holdTripping(
  answers: Answers,
  admissions: readonly Admission[],
  breakers: Breakers,
  nowMs: number,
): Indexed[] {
  const held: Indexed[] = [];
  for (const free of stillFree(admissions, answers)) {
    const { routeId, limits, stage } = free.admission;
    if (limits?.breaker === undefined || stage === "event") continue;
    const until =
      openUntil(breakers, routeId, nowMs) ??
      (trips(breakers, { routeId, ...limits.breaker }, nowMs) ? openUntil(breakers, routeId, nowMs) : undefined);
    if (until === undefined) continue;
    answers[free.index] = breakerHold(until);
    held.push(free);
  }
  return held;
}

/**
 * Asks rates, breakers and budgets, in this order, about events in the order in which they came. Answers, in the same order,
 * with why one is held; undefined for one that may go on, which is counted in this transaction. Exact, whatever other processes
 * do: rows are locked in one order, and before any task or key. A statement or two for each kind of guard, however many there are.
 */
export async function admit(
  tx: Transaction,
  services: TaskServices,
  admissions: readonly Admission[],
): Promise<(Hold | undefined)[]> {
  const nowMs = services.clock.now();
  const answers: Answers = admissions.map(() => undefined);
  const events = ratedEvents(admissions);
  holdRates(answers, events, await countRates(tx, events));
  const breakers = await lockBreakers(tx, breakerRoutes(admissions));
  holdOpen(answers, admissions, breakers, nowMs);
  const free = stillFree(admissions, answers);
  holdShort(
    answers,
    free,
    await reserveTasks(
      tx,
      services,
      free.map(({ admission }) => reservationOf(admission)),
    ),
  );
  const tripping = holdTripping(answers, admissions, breakers, nowMs);
  await announceTripped(
    tx,
    services,
    tripping.map(({ admission }) => admission),
    breakers,
  );
  await saveBreakers(tx, breakers);
  await returnReservations(
    tx,
    services,
    tripping.map(({ admission }) => reservationOf(admission)),
  );
  return answers;
}

/** What `admit` would answer now, were all of these to come at once. Nothing is locked and nothing written. */
export async function wouldAdmit(
  db: Executor,
  services: TaskServices,
  admissions: readonly Admission[],
): Promise<(Hold | undefined)[]> {
  const nowMs = services.clock.now();
  const answers: Answers = admissions.map(() => undefined);
  const events = ratedEvents(admissions);
  holdRates(answers, events, await wouldExceedRates(db, events));
  const breakers = await peekBreakers(db, breakerRoutes(admissions));
  holdOpen(answers, admissions, breakers, nowMs);
  const free = stillFree(admissions, answers);
  holdShort(
    answers,
    free,
    await wouldReserve(
      db,
      services,
      free.map(({ admission }) => reservationOf(admission)),
    ),
  );
  holdTripping(answers, admissions, breakers, nowMs);
  return answers;
}
