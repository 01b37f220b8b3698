import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, GoneError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { decisionSchema, presentDecision } from "../routing/decision.ts";
import { selectDecisions } from "../routing/decision-store.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import { RouteIndex } from "../routing/route-index.ts";
import { rerouteEvents } from "../routing/route-events.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { selectRoutedEvents } from "./routed-event-store.ts";
import { requireLiveRoute } from "./replay-events.ts";
import { selectReplayable } from "./replay-candidate-store.ts";
import { countReplayResults, insertEventReplays, insertReplay, nextGeneration } from "./replay-store.ts";
import { selectEvent } from "./store.ts";

/** What came of an event that was routed again. */
export const eventReplaySchema = z
  .object({
    replayId: z.string(),
    eventId: z.string(),
    generation: z.int().describe("The replay's number within the project."),
    taskIds: z.array(z.string()).describe("The tasks that it made at once."),
    decisions: z.array(decisionSchema).describe("What each route made of it; at most 200."),
  })
  .meta({ id: "EventReplay" });

type EventReplay = z.infer<typeof eventReplaySchema>;

const maxDecisions = 200;

/**
 * Routes one event again, by the routes of now or one of them, as a new generation. Throws NotFoundError when the project has
 * no such event, GoneError `event_erased`, ConflictError `event_held` for one that waits for its paused source and so has not
 * been routed yet, and InvalidError for a route that is none of the project's, or disabled.
 */
export async function replayEvent(
  ctx: Context & TaskServices,
  routes: RouteCache,
  id: string,
  routeId: string | undefined,
): Promise<EventReplay> {
  authorise(ctx.actor, "events:replay");
  const { projectId } = ctx.actor;
  const event = await selectEvent(ctx.db, projectId, id);
  if (event === undefined) throw new NotFoundError("There is no such event in this project");
  if (event.erased_at !== null) throw new GoneError("event_erased", "This event was erased: there is nothing to route");
  if (routeId !== undefined) await requireLiveRoute(ctx, routes, routeId);
  const index = await routes.get(ctx.db, projectId);
  const wanted = index?.routes.filter((route) => routeId === undefined || route.id === routeId) ?? [];
  const replayId = ctx.newId();
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    if ((await selectReplayable(tx, projectId, [id], undefined)).length === 0)
      throw new ConflictError("event_held", "Its source is paused and holds it: resume the source to have it routed");
    const generation = await nextGeneration(tx, projectId);
    const events = await selectRoutedEvents(tx, [id], "share");
    await rerouteEvents(tx, ctx, new Map([[projectId, new RouteIndex(wanted)]]), events, generation);
    const results = await countReplayResults(tx, [id], generation);
    await insertReplay(tx, {
      id: replayId,
      project_id: projectId,
      generation,
      state: "completed",
      filter: JSON.stringify({ eventId: id }),
      route_id: routeId ?? null,
      rate_per_second: 1,
      max_events: 1,
      total: 1,
      total_is_minimum: false,
      done: 1,
      failed: 0,
      ...results,
      last_event_id: id,
      due_at: now,
      error: null,
      created_at: now,
      updated_at: now,
      ended_at: now,
    });
    await insertEventReplays(tx, [id], { id: replayId, generation }, now);
    const detail = { replayId: toWireId("replay", replayId), generation };
    await recordAudit(ctx, tx, { action: "event.replay", target: toWireId("event", id), detail });
    const decisions = (await selectDecisions(tx, id, maxDecisions)).filter((each) => each.generation === generation);
    return {
      replayId: toWireId("replay", replayId),
      eventId: toWireId("event", id),
      generation,
      taskIds: decisions.flatMap(({ task_id: taskId }) => (taskId === null ? [] : [toWireId("task", taskId)])),
      decisions: decisions.map(presentDecision),
    };
  });
}
