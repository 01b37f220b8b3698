import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { insertSubscriber } from "./store.ts";
import { presentSubscriber, type Subscriber, subscriberFields } from "./subscriber.ts";

export const newSubscriber = z
  .strictObject({ name: subscriberFields.name, externalId: subscriberFields.externalId.exactOptional() })
  .meta({ id: "NewSubscriber" });

export type NewSubscriber = z.infer<typeof newSubscriber>;

/** Registers a subscriber. Throws ConflictError `subscriber_exists` when the project has one with this external id. */
export async function createSubscriber(ctx: Context, input: NewSubscriber): Promise<Subscriber> {
  authorise(ctx.actor, "subscribers:write");
  const row = {
    id: ctx.newId(),
    project_id: ctx.actor.projectId,
    name: input.name,
    external_id: input.externalId ?? null,
    is_default: false,
    created_at: new Date(ctx.clock.now()),
    deleted_at: null,
  };
  const target = toWireId("subscriber", row.id);
  await ctx.db.transaction(async (tx) => {
    if (!(await insertSubscriber(tx, row)))
      throw new ConflictError("subscriber_exists", "There is a subscriber with this externalId already");
    await recordAudit(ctx, tx, { action: "subscriber.create", target, detail: { fields: Object.keys(input) } });
  });
  return presentSubscriber(row);
}
