import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { generateEndpointSecret } from "./endpoint-secret.ts";
import { endpointSecret, type EndpointWithSecret, presentEndpoint } from "./endpoint.ts";
import { maxLiveSecrets, sealEndpointSecret } from "./seal-endpoint-secret.ts";
import {
  countEndpointSecrets,
  expireEndpointSecrets,
  insertEndpointSecret,
  selectEndpoint,
  updateEndpointRow,
} from "./store.ts";

const defaultOverlapSeconds = 86_400;

export const endpointSecretRotation = z
  .strictObject({
    secret: endpointSecret.exactOptional(),
    expiresPreviousInSeconds: z
      .int()
      .min(0)
      .max(2_592_000)
      .exactOptional()
      .describe("How long deliveries are signed with the present secrets too; absent: a day."),
  })
  .meta({ id: "EndpointSecretRotation" });

export type EndpointSecretRotation = z.infer<typeof endpointSecretRotation>;

/**
 * Gives an endpoint a new secret, which the answer holds, and ends the others after an overlap. Throws ConflictError
 * `too_many_secrets` when more than five would be live, NotFoundError when the project has no such endpoint.
 */
export async function rotateEndpointSecret(
  ctx: Context,
  id: string,
  rotation: EndpointSecretRotation,
): Promise<EndpointWithSecret> {
  authorise(ctx.actor, "endpoints:rotate");
  const overlapSeconds = rotation.expiresPreviousInSeconds ?? defaultOverlapSeconds;
  const text = rotation.secret ?? generateEndpointSecret();
  const { projectId } = ctx.actor;
  const now = new Date(ctx.clock.now());
  const secret = { id: ctx.newId(), endpointId: id, text, createdAt: now };
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await selectEndpoint(tx, projectId, id, "update");
    if (endpoint === undefined) throw new NotFoundError("There is no such endpoint in this project");
    await expireEndpointSecrets(tx, id, new Date(now.getTime() + overlapSeconds * 1000), now);
    if ((await countEndpointSecrets(tx, id)) >= maxLiveSecrets) {
      const remedy = "end the present ones with expiresPreviousInSeconds: 0, or wait for one to expire";
      throw new ConflictError("too_many_secrets", `An endpoint has at most ${maxLiveSecrets} live secrets; ${remedy}`);
    }
    await insertEndpointSecret(tx, sealEndpointSecret(ctx.secretBox, projectId, secret));
    const row = await updateEndpointRow(tx, id, { updated_at: now });
    const detail = { expiresPreviousInSeconds: overlapSeconds };
    await recordAudit(ctx, tx, { action: "endpoint.rotate", target: toWireId("endpoint", id), detail });
    await ctx.signals.emit(tx, "endpoints", [id]);
    return { ...presentEndpoint(row), secret: text };
  });
}
