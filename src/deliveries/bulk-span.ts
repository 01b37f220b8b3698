import { z } from "zod";
import type { Context } from "../access/context.ts";
import { type EndpointRow, selectEndpoint } from "../endpoints/store.ts";
import { ConflictError, InvalidError, NotFoundError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import type { BulkParameters } from "./bulk-operation.ts";

const time = z.iso.datetime({
  offset: true,
  error: "must be an ISO 8601 time with Z or an offset, like 2026-01-02T03:04:05Z",
});

/** The span of time that a bulk operation is about, and how fast it goes. */
export const bulkSpan = {
  since: time.describe("Made at this time or later."),
  until: time.exactOptional().describe("Made before this time. Absent: now."),
  ratePerSecond: z.int().min(1).max(500).exactOptional().describe("How many a second at most; absent: 500."),
};

/** A span as it is stored. What comes in while the operation runs is none of its business. Throws InvalidError for an empty one. */
export function readSpan(
  ctx: Context,
  { since, until }: { readonly since?: string; readonly until?: string },
): BulkParameters {
  const to = until === undefined ? new Date(ctx.clock.now()) : new Date(until);
  if (since !== undefined && Date.parse(since) >= to.getTime())
    throw new InvalidError("since must be before until", [{ path: "since", message: "must be before until" }]);
  return { ...(since === undefined ? {} : { since: new Date(since).toISOString() }), until: to.toISOString() };
}

/** The endpoint that a bulk operation is about. Throws NotFoundError for one of others. */
export async function findEndpoint(ctx: Context, tx: Transaction, id: string): Promise<EndpointRow> {
  const endpoint = await selectEndpoint(tx, ctx.actor, id);
  if (endpoint === undefined) throw new NotFoundError("There is no such endpoint in this project");
  return endpoint;
}

/** The same, of one that is sent to. Throws ConflictError `endpoint_disabled` while it is off. */
export async function findEnabledEndpoint(ctx: Context, tx: Transaction, id: string): Promise<EndpointRow> {
  const endpoint = await findEndpoint(ctx, tx, id);
  if (endpoint.disabled) throw new ConflictError("endpoint_disabled", "The endpoint is disabled; enable it first");
  return endpoint;
}
