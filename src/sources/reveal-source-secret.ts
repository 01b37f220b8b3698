import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { openSourceSecret } from "./source-secret.ts";
import { markSecretRevealed, selectLiveSourceSecrets, selectSource } from "./store.ts";

export const revealedSecretSchema = z
  .object({ secret: z.string().describe("To be typed in at the provider; never shown again.") })
  .meta({ id: "RevealedSecret" });

/**
 * Shows, once, the secret that the source's provider handed over and wants to see typed in. Throws ConflictError `nothing_handed_over`
 * when there is none (yet), `already_revealed` the second time, NotFoundError when the project has no such source.
 */
export async function revealSourceSecret(ctx: Context, id: string): Promise<z.infer<typeof revealedSecretSchema>> {
  authorise(ctx.actor, "sources:reveal");
  const { projectId } = ctx.actor;
  return await ctx.db.transaction(async (tx) => {
    // The lock makes the second of two wait, and then find it revealed.
    const source = await selectSource(tx, projectId, id, "update");
    if (source === undefined) throw new NotFoundError("There is no such source in this project");
    const live = await selectLiveSourceSecrets(tx, [id], new Date(ctx.clock.now()));
    const handedOver = live.findLast((secret) => secret.handed_over !== null);
    if (handedOver === undefined) {
      const message = "The source has no secret that its provider handed over to be typed in; it may be still to come";
      throw new ConflictError("nothing_handed_over", message);
    }
    if (handedOver.handed_over === "revealed") {
      const remedy = "if it is lost, create a new source and have the provider hand over another one";
      throw new ConflictError("already_revealed", `The secret has been shown before; ${remedy}`);
    }
    const secret = openSourceSecret(ctx.secretBox, projectId, handedOver);
    await markSecretRevealed(tx, handedOver.id);
    await recordAudit(ctx, tx, { action: "source.reveal_secret", target: toWireId("source", id) });
    return { secret };
  });
}
