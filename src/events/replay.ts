import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { replayOutcomes, type StoredReplayFilter } from "./replay-filter.ts";
import type { ReplayRow } from "./replay-store.ts";

const filterSchema = z.object({
  eventId: z.string().exactOptional().describe("The one event that was asked for by its id."),
  sourceId: z.string().exactOptional(),
  provider: z.string().exactOptional(),
  type: z.string().exactOptional(),
  after: z.iso.datetime().exactOptional(),
  before: z.iso.datetime().exactOptional(),
  outcome: z.enum(replayOutcomes).exactOptional(),
});

/** A replay as the API shows it. */
export const replaySchema = z
  .object({
    id: z.string(),
    generation: z
      .int()
      .describe("Its number within the project: decisions of this generation are those of this replay."),
    state: z.enum(["running", "completed", "canceled", "failed"]),
    filter: filterSchema,
    routeId: z.string().exactOptional().describe("The only route that the events go through."),
    ratePerSecond: z.number(),
    limit: z.int().describe("Events at most."),
    total: z.int().describe("Events that it replays."),
    totalIsMinimum: z.boolean().describe("There may be more: they are counted as they come up."),
    done: z.int().describe("Events that have gone through their routes, failed ones included."),
    failed: z.int().describe("Events that could not be routed."),
    tasks: z.int().describe("Tasks that the events made at once."),
    pending: z
      .int()
      .describe("Decisions that were left to guards, keys or a debounce, which may make tasks of them later."),
    error: z.string().exactOptional().describe("Why it failed, or why the last event that failed did."),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().exactOptional(),
  })
  .meta({ id: "Replay" });

export type Replay = z.infer<typeof replaySchema>;

function presentFilter({ eventId, sourceId, ...filter }: StoredReplayFilter): Replay["filter"] {
  return {
    ...(eventId === undefined ? {} : { eventId: toWireId("event", eventId) }),
    ...(sourceId === undefined ? {} : { sourceId: toWireId("source", sourceId) }),
    ...(filter as Replay["filter"]),
  };
}

/** The public form of a stored replay. */
export function presentReplay(row: ReplayRow): Replay {
  return {
    id: toWireId("replay", row.id),
    generation: row.generation,
    state: row.state as Replay["state"],
    filter: presentFilter(row.filter as StoredReplayFilter),
    ...(row.route_id === null ? {} : { routeId: toWireId("route", row.route_id) }),
    ratePerSecond: row.rate_per_second,
    limit: row.max_events,
    total: row.total,
    totalIsMinimum: row.total_is_minimum,
    done: row.done,
    failed: row.failed,
    tasks: row.tasks,
    pending: row.pending,
    ...(row.error === null ? {} : { error: row.error }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
  };
}
