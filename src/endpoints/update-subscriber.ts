import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { isUniqueViolation } from "../platform/unique-violation.ts";
import { selectSubscriber, updateSubscriberRow } from "./store.ts";
import { presentSubscriber, type Subscriber, subscriberFields } from "./subscriber.ts";

export const subscriberChanges = z
  .strictObject({
    name: subscriberFields.name.exactOptional(),
    externalId: subscriberFields.externalId.nullable().exactOptional(),
  })
  .describe("An absent field stays as it is, null clears it.")
  .meta({ id: "SubscriberChanges" });

export type SubscriberChanges = z.infer<typeof subscriberChanges>;

/**
 * Changes a subscriber. Throws ConflictError `subscriber_exists` when another one has the external id, NotFoundError when
 * the project has no such subscriber.
 */
export async function updateSubscriber(ctx: Context, id: string, changes: SubscriberChanges): Promise<Subscriber> {
  authorise(ctx.actor, "subscribers:write");
  const { name, externalId } = changes;
  const columns = {
    ...(name === undefined ? {} : { name }),
    ...(externalId === undefined ? {} : { external_id: externalId }),
  };
  try {
    return await ctx.db.transaction(async (tx) => {
      const subscriber = await selectSubscriber(tx, ctx.actor, { id }, "update");
      if (subscriber === undefined) throw new NotFoundError("There is no such subscriber in this project");
      if (Object.keys(columns).length === 0) return presentSubscriber(subscriber);
      const row = await updateSubscriberRow(tx, id, columns);
      const target = toWireId("subscriber", id);
      await recordAudit(ctx, tx, { action: "subscriber.update", target, detail: { fields: Object.keys(changes) } });
      return presentSubscriber(row);
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new ConflictError("subscriber_exists", "There is a subscriber with this externalId already", {
      cause: error,
    });
  }
}
