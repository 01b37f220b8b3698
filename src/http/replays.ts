import { z } from "zod";
import type { Context } from "../access/context.ts";
import { cancelReplay } from "../events/cancel-replay.ts";
import { getReplay } from "../events/get-replay.ts";
import { listReplays } from "../events/list-replays.ts";
import { previewReplay, replayPreviewSchema } from "../events/preview-replay.ts";
import { eventReplaySchema, replayEvent } from "../events/replay-event.ts";
import { replayEvents } from "../events/replay-events.ts";
import { replayOutcomes } from "../events/replay-filter.ts";
import { replaySchema } from "../events/replay.ts";
import { storableText } from "../lib/storable-text.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { moment } from "./moment.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Replays";
const params = z.strictObject({ id: wireIdSchema("replay") });
const missing = { description: "The project has no such replay." };

const defaultRate = 100;
const defaultLimit = 10_000;

const onlyRoute = wireIdSchema("route")
  .exactOptional()
  .describe("The only route that the events go through. Absent: all that are enabled.");

const eventReplay = z.strictObject({ routeId: onlyRoute }).meta({ id: "NewEventReplay" });

const newReplay = z
  .strictObject({
    filter: z
      .strictObject({
        sourceId: wireIdSchema("source").exactOptional(),
        provider: storableText(100).exactOptional(),
        type: storableText(500).exactOptional().describe("The very type, e.g. `issues.opened`."),
        after: moment.exactOptional().describe("Received at this time or later."),
        before: moment.exactOptional().describe("Received before this time."),
        outcome: z
          .enum(replayOutcomes)
          .exactOptional()
          .describe(
            "What came of it, on any of its routes: the state of a task, `no_match` (no route took it), `held` (a guard held it), `failed` (a task failed, or a route could not make one), `coalesced`, `deduplicated`.",
          ),
      })
      .describe("Which events. Empty: all."),
    routeId: onlyRoute,
    dryRun: z.boolean().exactOptional().describe("Count them and show the first, and replay nothing."),
    ratePerSecond: z
      .number()
      .min(0.01)
      .max(1_000)
      .exactOptional()
      .describe(`Events a second, on average. Absent: ${defaultRate}.`),
    limit: z
      .int()
      .min(1)
      .max(100_000)
      .exactOptional()
      .describe(`Events at most; the oldest come first. Absent: ${defaultLimit}.`),
  })
  .meta({ id: "NewReplay" });

/** The calls that route stored events again. */
export function replayOperations(services: TaskServices & { readonly routes: RouteCache }): readonly Operation[] {
  const { routes } = services;
  const withServices = (ctx: Context): Context & TaskServices => ({ ...services, ...ctx });
  return [
    operation({
      method: "post",
      path: "/api/v1/events/{id}/replay",
      summary: "Route an event again",
      tag,
      params: z.strictObject({ id: wireIdSchema("event") }),
      body: eventReplay.optional(),
      responses: {
        202: { description: "Routed; guards, keys and debounces may still decide.", schema: eventReplaySchema },
        404: { description: "The project has no such event." },
        409: { description: "`event_held`: it waits for its paused source, and has not been routed yet." },
        410: { description: "`event_erased`: there is nothing to route any more." },
      },
      handle: async (ctx, { params: { id }, body }) => ({
        status: 202,
        body: await replayEvent(withServices(ctx), routes, id, body?.routeId),
      }),
    }),
    operation({
      method: "post",
      path: "/api/v1/events/replay",
      summary: "Route again all events that pass a filter",
      tag,
      body: newReplay,
      responses: {
        200: { description: "With `dryRun`: what it would do.", schema: replayPreviewSchema },
        202: { description: "The replay, under way in the background.", schema: replaySchema },
      },
      async handle(ctx, { body: { dryRun = false, ratePerSecond = defaultRate, limit = defaultLimit, ...rest } }) {
        const request = { ...rest, ratePerSecond, limit };
        if (dryRun) return { status: 200, body: await previewReplay(ctx, routes, request) };
        return { status: 202, body: await replayEvents(ctx, routes, request) };
      },
    }),
    operation({
      method: "get",
      path: "/api/v1/replays",
      summary: "List replays",
      tag,
      query: z.strictObject(pageQuery("replay")),
      responses: { 200: { description: "A page, newest first.", schema: pageSchema(replaySchema) } },
      handle: async (ctx, { query }) => ({ status: 200, body: await listReplays(ctx, query) }),
    }),
    operation({
      method: "get",
      path: "/api/v1/replays/{id}",
      summary: "Read a replay and how far it has come",
      tag,
      params,
      responses: { 200: { description: "The replay.", schema: replaySchema }, 404: missing },
      handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getReplay(ctx, id) }),
    }),
    operation({
      method: "post",
      path: "/api/v1/replays/{id}/cancel",
      summary: "End a replay; tasks that it made stay",
      tag,
      params,
      responses: {
        200: { description: "The replay as it ended.", schema: replaySchema },
        404: missing,
        409: { description: "`replay_ended`: it does not run any more." },
      },
      handle: async (ctx, { params: { id } }) => ({ status: 200, body: await cancelReplay(ctx, id) }),
    }),
  ];
}
