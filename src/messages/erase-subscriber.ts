import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { hasEverHadSubscriber } from "../endpoints/store.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { advanceErasure } from "./advance-erasure.ts";
import { insertErasure, isErasing } from "./erasure-store.ts";

export const subscriberErasureSchema = z
  .object({
    subscriberId: z.string(),
    state: z
      .enum(["running", "done"])
      .describe(
        "`done`: what had come before the call is erased. `running`: the rest follows in the background; call again.",
      ),
  })
  .meta({ id: "SubscriberErasure" });

type SubscriberErasureView = z.infer<typeof subscriberErasureSchema>;

// What a request does itself before it answers: some thousand messages.
const partsOfRequest = 40;

/**
 * Takes the payloads of all messages for a subscriber alone out of them for good, and what was sent and answered out of all
 * attempts at its endpoints. Begins at once; what takes longer goes on in the background. Deleted subscribers count. Throws
 * NotFoundError when the project has no such subscriber.
 */
export async function eraseSubscriber(ctx: Context, id: string): Promise<SubscriberErasureView> {
  authorise(ctx.actor, "payloads:erase");
  const { projectId } = ctx.actor;
  await ctx.db.transaction(async (tx) => {
    if (!(await hasEverHadSubscriber(tx, projectId, id)))
      throw new NotFoundError("There is no such subscriber in this project");
    await insertErasure(tx, id, projectId, ctx.newId());
    await recordAudit(ctx, tx, { action: "subscriber.erase", target: toWireId("subscriber", id) });
  });
  for (let part = 0; part < partsOfRequest && (await advanceErasure(ctx, id)) > 0; part += 1);
  return {
    subscriberId: toWireId("subscriber", id),
    state: (await isErasing(ctx.db, id)) ? "running" : "done",
  };
}
