import { toWireId } from "../lib/ids.ts";
import type { Context } from "../access/context.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type KeyPreview, previewKeys } from "../tasks/preview-keys.ts";
import type { TaskKeys } from "../tasks/task-keys.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import { scopedKeys } from "./draft-task.ts";
import type { DryRunResult } from "./dry-run-result.ts";
import { type Admission, wouldAdmit } from "./guards/admit.ts";
import type { Hold } from "./guards/hold-of.ts";
import type { Candidate } from "./pending-candidate.ts";
import type { PreparedCandidate } from "./prepare-candidate.ts";
import { resolveSubscribers } from "./resolve-subscribers.ts";

/** A task that a route would make of an event, without what is rendered of it. */
export interface AskedTask {
  readonly route: CompiledRoute;
  readonly projectId: string;
  readonly candidate: Pick<Candidate, "receivedAt" | "keys" | "limits" | "debounce">;
  /** The wire id or external id that the route gives. */
  readonly subscriber: string | undefined;
}

/** What guards are asked about a task, and no more: two hundred rendered ones would hold as many events in memory. */
export function askedTask(
  route: CompiledRoute,
  { candidate, subscriber }: Extract<PreparedCandidate, { ok: true }>,
): AskedTask {
  const { receivedAt, keys, limits, debounce } = candidate;
  const asked = {
    receivedAt,
    limits,
    ...(keys === undefined ? {} : { keys }),
    ...(debounce === undefined ? {} : { debounce }),
  };
  return { route, projectId: route.projectId, candidate: asked, subscriber };
}

/** What is known of a task only when the database has been asked. */
export type GuardAnswer = Pick<DryRunResult, "heldBy" | "waitsFor" | "error">;

/**
 * Asks rates, breakers, budgets and keys what they would say, and changes nothing. In a backtest, events count against a rate when
 * they came, from an empty window on; whether a breaker is open, a budget used up or a key taken is asked as of now, of each
 * by itself. Else all is asked as of now, as if they came one after the other.
 */
export async function askGuards(
  ctx: Context & TaskServices,
  asked: readonly AskedTask[],
  isBacktest: boolean,
): Promise<GuardAnswer[]> {
  const subscriberIds = await resolveSubscribers(ctx.db, asked);
  const rates = await askRates(ctx, asked, isBacktest);
  const others = await askOthers(ctx, asked, isBacktest);
  const keys = await previewKeys(ctx.db, asked.map(keysOf), new Date(ctx.clock.now()));
  return asked.map((task, index): GuardAnswer => {
    const { subscriber } = task;
    if (subscriber !== undefined && !subscriberIds.has(task))
      return { error: `subscriberId: the project has no subscriber ${JSON.stringify(subscriber)}` };
    const hold = rates[index] ?? others[index];
    return hold === undefined ? answerOfKeys(keys[index] ?? {}) : { heldBy: hold };
  });
}

function admissionOf(ctx: Context, { route, candidate }: AskedTask): Admission {
  const { projectId, agentId, id: routeId, debounce } = route;
  const stage = debounce === undefined ? "whole" : "event";
  return { taskId: ctx.newId(), projectId, agentId, routeId, limits: candidate.limits, atMs: ctx.clock.now(), stage };
}

async function askRates(
  ctx: Context & TaskServices,
  asked: readonly AskedTask[],
  isBacktest: boolean,
): Promise<(Hold | undefined)[]> {
  // What is counted now is counted for a route: one that there is not begins with nothing.
  const nowhere = ctx.newId();
  const admissions = asked.map((task): Admission => {
    const admission = { ...admissionOf(ctx, task), stage: "event" as const, limits: ratesOf(task) };
    return isBacktest ? { ...admission, routeId: nowhere, atMs: Date.parse(task.candidate.receivedAt) } : admission;
  });
  const holds = await wouldAdmit(ctx.db, ctx, admissions);
  // Without limits of its own it can only be short of an agent's or the project's budget, which is asked for below.
  return holds.map((hold) => (hold?.reason === "rate_limited" ? hold : undefined));
}

function ratesOf({ candidate: { limits } }: AskedTask): Admission["limits"] {
  return limits.rate === undefined ? {} : { rate: limits.rate };
}

async function askOthers(
  ctx: Context & TaskServices,
  asked: readonly AskedTask[],
  isBacktest: boolean,
): Promise<(Hold | undefined)[]> {
  return await wouldAdmit(
    ctx.db,
    ctx,
    asked.map((task): Admission => {
      const { rate: _, ...limits } = task.candidate.limits;
      const admission = admissionOf(ctx, task);
      return { ...admission, limits, stage: isBacktest ? "event" : admission.stage };
    }),
  );
}

// What is collected is asked about its keys when it becomes a task.
function keysOf({ route, candidate: { keys, debounce } }: AskedTask): TaskKeys {
  return keys === undefined || debounce !== undefined ? {} : scopedKeys(route.id, keys);
}

function answerOfKeys({ holderId, isDropped = false, waitsFor }: KeyPreview): GuardAnswer {
  if (holderId !== undefined) {
    const detail = `${toWireId("task", holderId)} has this dedupe key`;
    return { heldBy: { reason: "duplicate_key", detail } };
  }
  if (isDropped) return { heldBy: { reason: "concurrency_dropped", detail: "as many of this key as may be are open" } };
  return waitsFor === undefined ? {} : { waitsFor };
}
