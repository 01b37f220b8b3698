import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import { type Endpoint, presentEndpoint } from "./endpoint.ts";
import { holdEndpoint } from "./hold-endpoint.ts";
import { settleHeld } from "./settle-held.ts";
import { requireVerified } from "./require-verified.ts";
import { updateEndpointRow } from "./store.ts";

export const endpointEnabling = z
  .strictObject({
    deliverPending: z
      .boolean()
      .exactOptional()
      .describe("Whether what was held for it while it was off is sent. Absent: no; it ends as canceled."),
  })
  .meta({ id: "EndpointEnabling" });

type EndpointEnabling = z.infer<typeof endpointEnabling>;

/**
 * Sends to an endpoint again, from now on or also what was held for it meanwhile. Does nothing to one that is on. Throws
 * NotFoundError when the project has no such endpoint, ConflictError `endpoint_unverified` for one that is still to be verified.
 */
export async function enableEndpoint(
  ctx: Context,
  id: string,
  { deliverPending = false }: EndpointEnabling,
): Promise<Endpoint> {
  authorise(ctx.actor, "endpoints:pause");
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await holdEndpoint(ctx, tx, id);
    if (!endpoint.disabled) return presentEndpoint(endpoint);
    requireVerified(endpoint);
    const updated_at = new Date(ctx.clock.now());
    const on = { disabled: false, disabled_reason: null, disabled_at: null };
    const row = await updateEndpointRow(tx, id, { ...on, updated_at });
    await settleHeld(ctx, tx, endpoint, deliverPending);
    const detail = { fields: ["disabled"], disabled: false, deliverPending };
    await recordAudit(ctx, tx, { action: "endpoint.update", target: toWireId("endpoint", id), detail });
    await ctx.signals.emit(tx, "endpoints", [id]);
    return presentEndpoint(row);
  });
}
