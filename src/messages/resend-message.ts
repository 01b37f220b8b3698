import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { createDeliveries } from "../deliveries/create-deliveries.ts";
import { type Delivery, presentDelivery } from "../deliveries/delivery.ts";
import { redriveDeliveries } from "../deliveries/redrive-deliveries.ts";
import { searchDeliveries } from "../deliveries/delivery-search-store.ts";
import { documentOfMessage, fitsEndpointFilter } from "../endpoints/endpoint-filter.ts";
import { ConflictError, GoneError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { selectMessage, selectResendTargets } from "./store.ts";

export const messageResend = z
  .strictObject({
    endpointId: wireIdSchema("endpoint")
      .exactOptional()
      .describe("To this endpoint alone, whatever it asks for. Absent: to all that ask for it now."),
  })
  .meta({ id: "MessageResend" });

type MessageResend = z.infer<typeof messageResend>;

const maxShown = 200;

/**
 * Sends a message again, as the same message: to endpoints that got it, failed to take it, or were not there. What is
 * pending already is left as it is. Answers with its deliveries. Throws NotFoundError for a message of others, GoneError for one that was erased, ConflictError
 * `no_endpoint` when no enabled endpoint is to get it.
 */
export async function resendMessage(ctx: Context, id: string, { endpointId }: MessageResend): Promise<Delivery[]> {
  authorise(ctx.actor, "deliveries:retry");
  const { projectId } = ctx.actor;
  return await ctx.db.transaction(async (tx) => {
    const message = await selectMessage(tx, ctx.actor, { id });
    if (message === undefined) throw new NotFoundError("There is no such message in this project");
    if (message.erased_at !== null) throw new GoneError("message_erased", "What this message said was erased");
    const document = documentOfMessage(message);
    const targets = (await selectResendTargets(tx, ctx.actor, id, endpointId)).filter(
      ({ filter }) => filter === null || fitsEndpointFilter(filter, document),
    );
    if (targets.length === 0)
      throw new ConflictError("no_endpoint", "No enabled endpoint is to get this message; create or enable one first");
    const missing = targets.filter((target) => target.id === null);
    const settled = targets.flatMap(({ id: deliveryId, endpoint_id, state }) =>
      deliveryId === null || state === "pending" ? [] : [{ id: deliveryId, endpoint_id }],
    );
    await createDeliveries(
      tx,
      ctx,
      missing.map((target) => ({ projectId, messageId: id, endpointId: target.endpoint_id })),
    );
    await redriveDeliveries(tx, ctx, settled);
    const detail = { deliveries: missing.length + settled.length };
    await recordAudit(ctx, tx, { action: "message.resend", target: toWireId("message", id), detail });
    const { rows } = await searchDeliveries(tx, ctx.actor, { messageId: id, endpointId }, { limit: maxShown });
    return rows.slice(0, maxShown).map(presentDelivery);
  });
}
