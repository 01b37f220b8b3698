import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import { presentReplay, type Replay } from "./replay.ts";
import { planReplay } from "./replay-plan.ts";
import type { ReplayFilter } from "./replay-filter.ts";
import { insertReplay, nextGeneration } from "./replay-store.ts";

/** A replay of all events that a filter asks for. */
export interface ReplayRequest {
  readonly filter: ReplayFilter;
  /** A uuid: the only route that the events go through. */
  readonly routeId?: string | undefined;
  readonly ratePerSecond: number;
  /** Events at most; the oldest come first. */
  readonly limit: number;
}

/**
 * Starts to route again, as a new generation, the events that are there now and pass the filter, oldest first: a job of the
 * background does it, at the rate, and every event is routed once, however often a process dies. Throws InvalidError for a
 * route that is none of the project's, or disabled.
 */
export async function replayEvents(ctx: Context, routes: RouteCache, request: ReplayRequest): Promise<Replay> {
  authorise(ctx.actor, "events:replay");
  const { projectId } = ctx.actor;
  const { filter, routeId, ratePerSecond, limit } = request;
  if (routeId !== undefined) await requireLiveRoute(ctx, routes, routeId);
  const id = ctx.newId();
  const { total, isMinimum } = await planReplay(ctx.db, projectId, filter, { untilId: id, limit, first: 0 });
  const now = new Date(ctx.clock.now());
  const isEmpty = total === 0 && !isMinimum;
  return await ctx.db.transaction(async (tx) => {
    const row = await insertReplay(tx, {
      id,
      project_id: projectId,
      generation: await nextGeneration(tx, projectId),
      state: isEmpty ? "completed" : "running",
      filter: JSON.stringify(filter),
      route_id: routeId ?? null,
      rate_per_second: ratePerSecond,
      max_events: limit,
      total,
      total_is_minimum: isMinimum,
      done: 0,
      failed: 0,
      tasks: 0,
      pending: 0,
      last_event_id: null,
      due_at: now,
      error: null,
      created_at: now,
      updated_at: now,
      ended_at: isEmpty ? now : null,
    });
    const replay = presentReplay(row);
    const detail = {
      filter: replay.filter,
      total,
      ...(replay.routeId === undefined ? {} : { routeId: replay.routeId }),
    };
    await recordAudit(ctx, tx, { action: "replay.start", target: toWireId("replay", id), detail });
    return replay;
  });
}

/** Throws InvalidError unless this is an enabled route of the project. */
export async function requireLiveRoute(ctx: Context, routes: RouteCache, routeId: string): Promise<void> {
  const index = await routes.get(ctx.db, ctx.actor.projectId);
  if (index?.routes.some(({ id }) => id === routeId) === true) return;
  const message = "must be the id of an enabled route of this project";
  throw new InvalidError(`routeId ${message}`, [{ path: "routeId", message }]);
}
