import { z } from "zod";
import type { AccessTokens } from "../access/access-token.ts";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ForbiddenError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { selectSubscriber } from "./store.ts";

const defaultLifetimeSeconds = 900;

export const newPortalToken = z
  .strictObject({ expiresInSeconds: z.int().min(1).max(3600).exactOptional().describe("Absent: 900.") })
  .meta({ id: "NewPortalToken" });

export const portalTokenSchema = z
  .strictObject({ token: z.string(), subscriberId: z.string(), expiresAt: z.iso.datetime() })
  .meta({ id: "PortalToken" });

type NewPortalToken = z.infer<typeof newPortalToken>;
type PortalToken = z.infer<typeof portalTokenSchema>;

/**
 * Mints a short-lived token (a JWT) for one subscriber, to be handed to its browser: it manages that subscriber's endpoints and
 * sees its messages, deliveries and attempts, and can do nothing else. It ends with the key that asks. Throws
 * NotFoundError when the project has no such subscriber, ForbiddenError for a token that asks for another.
 */
export async function mintPortalToken(
  ctx: Context,
  tokens: AccessTokens,
  subscriberId: string,
  { expiresInSeconds = defaultLifetimeSeconds }: NewPortalToken,
): Promise<PortalToken> {
  const { actor } = ctx;
  authorise(actor, "tokens:mint");
  // Else a stolen token, good for an hour at most, would renew itself for ever.
  if (actor.kind === "token")
    throw new ForbiddenError("A token cannot make tokens; authenticate with an API key to do so");
  const target = toWireId("subscriber", subscriberId);
  return await ctx.db.transaction(async (tx) => {
    if ((await selectSubscriber(tx, actor, { id: subscriberId }, "share")) === undefined)
      throw new NotFoundError("There is no such subscriber in this project");
    const request = {
      subject: actor.id,
      projectId: actor.projectId,
      role: "subscriber",
      agents: [],
      subscriberId,
    } as const;
    const { token, expiresAt } = tokens.mint({ ...request, expiresInSeconds }, ctx.clock.now());
    const detail = { expiresAt: expiresAt.toISOString() };
    await recordAudit(ctx, tx, { action: "subscriber.portal-token", target, detail });
    return { token, subscriberId: target, expiresAt: expiresAt.toISOString() };
  });
}
