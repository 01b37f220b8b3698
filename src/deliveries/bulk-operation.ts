import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import type { BulkRow } from "./bulk-store.ts";

/**
 * What is done to many deliveries of an endpoint, in the background.
 * - `recover`: those that failed are due again
 * - `replay`: messages of the past are sent, also those that it never got
 * - `cancel`: those that are pending end
 * - `release`: those that were held while it was off are due
 * - `discard`: those that were held end
 */
export const bulkKinds = ["recover", "replay", "cancel", "release", "discard"] as const;

export type BulkKind = (typeof bulkKinds)[number];

/** Which deliveries or messages a bulk operation looks at, as it is stored. Times are ISO 8601. */
export interface BulkParameters {
  readonly since?: string;
  readonly until?: string;
  readonly types?: readonly string[];
  /** Also what the endpoint has got, or is about to get. */
  readonly all?: boolean;
}

/** A bulk operation as the API shows it. */
export const bulkOperationSchema = z
  .object({
    id: z.string(),
    kind: z.enum(bulkKinds),
    endpointId: z.string(),
    state: z.enum(["running", "completed", "canceled"]),
    since: z.iso.datetime().exactOptional(),
    until: z.iso.datetime().exactOptional(),
    ratePerSecond: z.int().describe("How many it handles a second at most."),
    total: z.int().describe("How many there were when it began, counted up to 100,000."),
    done: z.int(),
    skipped: z.int().describe("Looked at, and left as they were."),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().exactOptional(),
  })
  .meta({ id: "BulkOperation" });

export type BulkOperation = z.infer<typeof bulkOperationSchema>;

/** The public form of a stored bulk operation. */
export function presentBulkOperation(row: BulkRow): BulkOperation {
  const { since, until } = row.parameters as BulkParameters;
  return {
    id: toWireId("bulkOperation", row.id),
    kind: row.kind as BulkKind,
    endpointId: toWireId("endpoint", row.endpoint_id),
    state: row.state as BulkOperation["state"],
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ratePerSecond: row.rate_per_second,
    total: row.total,
    done: row.done,
    skipped: row.skipped,
    createdAt: row.created_at.toISOString(),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at.toISOString() }),
  };
}
