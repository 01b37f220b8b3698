import { setImmediate as breathe } from "node:timers/promises";
import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import { judgeOf } from "../routing/dry-run-judgement.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import { selectEventSizes } from "./document-store.ts";
import { type ReplayRequest, requireLiveRoute } from "./replay-events.ts";
import { planReplay } from "./replay-plan.ts";
import { selectRoutedEvents } from "./routed-event-store.ts";

/** What a replay would do. */
export const replayPreviewSchema = z
  .object({
    dryRun: z.literal(true),
    total: z.int().describe("Events that it would replay."),
    totalIsMinimum: z.boolean().describe("There may be more: not all that the filter asks for were looked at."),
    sample: z
      .array(
        z.object({
          eventId: z.string(),
          type: z.string(),
          sourceId: z.string(),
          deliveryId: z.string(),
          receivedAt: z.iso.datetime(),
          routeIds: z.array(z.string()).describe("The routes that would take it, by their rules of now."),
        }),
      )
      .describe("The first of them, oldest first; at most 20."),
  })
  .meta({ id: "ReplayPreview" });

type ReplayPreview = z.infer<typeof replayPreviewSchema>;

const sampleEvents = 20;
const maxBytes = 16_777_216;

/** Counts the events that a replay would go through, and says which routes would take the first of them. Stores nothing. */
export async function previewReplay(ctx: Context, routes: RouteCache, request: ReplayRequest): Promise<ReplayPreview> {
  authorise(ctx.actor, "events:replay");
  const { projectId } = ctx.actor;
  const { filter, routeId, limit } = request;
  if (routeId !== undefined) await requireLiveRoute(ctx, routes, routeId);
  const range = { untilId: ctx.newId(), limit, first: sampleEvents };
  const { total, isMinimum, first } = await planReplay(ctx.db, projectId, filter, range);
  const index = await routes.get(ctx.db, projectId);
  const sample: ReplayPreview["sample"] = [];
  for (const event of await selectRoutedEvents(ctx.db, await fitting(ctx, first.slice(0, limit)))) {
    const { id, type, deliveryId, receivedAt } = event.row;
    const judge = judgeOf(event, ctx.originKeys.all);
    const takers = (index?.candidates(event.row) ?? []).filter((route) => {
      const { prepared, heldBy } = routeId === undefined || route.id === routeId ? judge(route) : {};
      return prepared !== undefined && heldBy === undefined;
    });
    sample.push({
      eventId: toWireId("event", id),
      type,
      sourceId: event.source.wireId,
      deliveryId,
      receivedAt: receivedAt.toISOString(),
      routeIds: takers.map((route) => toWireId("route", route.id)),
    });
    // An event's evaluation is bounded; those of twenty in one go would hold up everyone else.
    await breathe();
  }
  return { dryRun: true, total, totalIsMinimum: isMinimum, sample };
}

/** As many as fit into memory together, and the first in any case. */
async function fitting({ db }: Context, ids: readonly string[]): Promise<string[]> {
  const sizes = await selectEventSizes(db, ids);
  let bytes = 0;
  return ids.filter((id, place) => {
    bytes += sizes.get(id) ?? 0;
    return place === 0 || bytes <= maxBytes;
  });
}
