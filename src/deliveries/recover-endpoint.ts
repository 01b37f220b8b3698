import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, InvalidError, NotFoundError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import { type EndpointRow, selectEndpoint } from "../endpoints/store.ts";
import { eventTypePattern } from "../lib/event-type-pattern.ts";
import type { BulkOperation, BulkParameters } from "./bulk-operation.ts";
import { startBulkOperation } from "./start-bulk-operation.ts";

const time = z.iso.datetime({
  offset: true,
  error: "must be an ISO 8601 time with Z or an offset, like 2026-01-02T03:04:05Z",
});
const ratePerSecond = z.int().min(1).max(500).exactOptional().describe("How many a second at most; absent: 500.");
const span = {
  since: time.describe("Made at this time or later."),
  until: time.exactOptional().describe("Made before this time. Absent: now."),
  ratePerSecond,
};

export const endpointRecovery = z.strictObject(span).meta({ id: "EndpointRecovery" });

export const endpointReplay = z
  .strictObject({
    ...span,
    eventTypes: z
      .array(eventTypePattern.refine((type) => !type.includes("*"), { error: "must be one type" }))
      .min(1)
      .max(100)
      .exactOptional()
      .describe("Only messages of these types, of those that the endpoint asks for."),
    all: z
      .boolean()
      .exactOptional()
      .describe(
        "Also those that it has got. Absent: only those that it never got, because it was not there, or they failed.",
      ),
  })
  .meta({ id: "EndpointReplay" });

export const pendingCancellation = z
  .strictObject({ since: time.exactOptional(), until: span.until, ratePerSecond })
  .meta({ id: "PendingCancellation" });

type EndpointRecovery = z.infer<typeof endpointRecovery>;
type EndpointReplay = z.infer<typeof endpointReplay>;
type PendingCancellation = z.infer<typeof pendingCancellation>;

// What comes in while it runs is none of its business.
function spanOf(ctx: Context, { since, until }: { readonly since?: string; readonly until?: string }): BulkParameters {
  const to = until === undefined ? new Date(ctx.clock.now()) : new Date(until);
  if (since !== undefined && Date.parse(since) >= to.getTime())
    throw new InvalidError("since must be before until", [{ path: "since", message: "must be before until" }]);
  return { ...(since === undefined ? {} : { since: new Date(since).toISOString() }), until: to.toISOString() };
}

async function find(ctx: Context, tx: Transaction, id: string): Promise<EndpointRow> {
  const endpoint = await selectEndpoint(tx, ctx.actor, id);
  if (endpoint === undefined) throw new NotFoundError("There is no such endpoint in this project");
  return endpoint;
}

async function findEnabled(ctx: Context, tx: Transaction, id: string): Promise<EndpointRow> {
  const endpoint = await find(ctx, tx, id);
  if (endpoint.disabled) throw new ConflictError("endpoint_disabled", "The endpoint is disabled; enable it first");
  return endpoint;
}

/**
 * Sends again what an endpoint failed to take within a span of time. Throws NotFoundError for an endpoint of others,
 * ConflictError `endpoint_disabled` while it is off.
 */
export async function recoverEndpoint(ctx: Context, id: string, input: EndpointRecovery): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:retry");
  const parameters = spanOf(ctx, input);
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await findEnabled(ctx, tx, id);
    return await startBulkOperation(ctx, tx, {
      kind: "recover",
      endpoint,
      parameters,
      ratePerSecond: input.ratePerSecond,
    });
  });
}

/** Sends the messages of a span of time that an endpoint asks for now. Throws as `recoverEndpoint` does. */
export async function replayToEndpoint(ctx: Context, id: string, input: EndpointReplay): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:retry");
  const { eventTypes, all, ratePerSecond: rate } = input;
  const parameters = {
    ...spanOf(ctx, input),
    ...(eventTypes === undefined ? {} : { types: eventTypes }),
    ...(all === undefined ? {} : { all }),
  };
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await findEnabled(ctx, tx, id);
    return await startBulkOperation(ctx, tx, { kind: "replay", endpoint, parameters, ratePerSecond: rate });
  });
}

/** Ends what is pending to an endpoint, held or not. Throws NotFoundError for an endpoint of others. */
export async function cancelPendingOf(ctx: Context, id: string, input: PendingCancellation): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:cancel");
  const parameters = spanOf(ctx, input);
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await find(ctx, tx, id);
    return await startBulkOperation(ctx, tx, {
      kind: "cancel",
      endpoint,
      parameters,
      ratePerSecond: input.ratePerSecond,
    });
  });
}
