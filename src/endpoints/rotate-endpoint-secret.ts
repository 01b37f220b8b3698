import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { generateEndpointKey } from "./endpoint-key.ts";
import { generateEndpointSecret } from "./endpoint-secret.ts";
import { type Endpoint, endpointSecret, type EndpointWithSecret, presentEndpoint } from "./endpoint.ts";
import { holdEndpoint } from "./hold-endpoint.ts";
import { maxLiveSecrets, sealEndpointSecret } from "./seal-endpoint-secret.ts";
import {
  countEndpointSecrets,
  type EndpointSecretRow,
  expireEndpointSecrets,
  insertEndpointSecret,
  updateEndpointRow,
} from "./store.ts";

const defaultOverlapSeconds = 86_400;

const overlap = z
  .int()
  .min(0)
  .max(2_592_000)
  .exactOptional()
  .describe("How long deliveries are signed with the present ones too; absent: a day.");

export const endpointSecretRotation = z
  .strictObject({ secret: endpointSecret.exactOptional(), expiresPreviousInSeconds: overlap })
  .meta({ id: "EndpointSecretRotation" });

export const endpointKeyRotation = z
  .strictObject({ expiresPreviousInSeconds: overlap })
  .meta({ id: "EndpointKeyRotation" });

export type EndpointSecretRotation = z.infer<typeof endpointSecretRotation>;
type EndpointKeyRotation = z.infer<typeof endpointKeyRotation>;

interface Replacement {
  readonly kind: EndpointSecretRow["kind"];
  readonly value: string | Buffer;
  readonly overlapSeconds: number;
}

async function replace(ctx: Context, tx: Transaction, endpointId: string, next: Replacement): Promise<void> {
  const { kind, value, overlapSeconds } = next;
  const now = new Date(ctx.clock.now());
  const secrets = { endpointId, kind };
  await expireEndpointSecrets(tx, secrets, new Date(now.getTime() + overlapSeconds * 1000), now);
  if ((await countEndpointSecrets(tx, secrets)) >= maxLiveSecrets) {
    const remedy = "end the present ones with expiresPreviousInSeconds: 0, or wait for one to expire";
    throw new ConflictError("too_many_secrets", `An endpoint has at most ${maxLiveSecrets} live secrets; ${remedy}`);
  }
  const secret = { id: ctx.newId(), endpointId, kind, value, createdAt: now };
  await insertEndpointSecret(tx, [sealEndpointSecret(ctx.secretBox, ctx.actor.projectId, secret)]);
  const detail = { kind, expiresPreviousInSeconds: overlapSeconds };
  await recordAudit(ctx, tx, { action: "endpoint.rotate", target: toWireId("endpoint", endpointId), detail });
  await ctx.signals.emit(tx, "endpoints", [endpointId]);
}

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
  const value = rotation.secret ?? generateEndpointSecret();
  const overlapSeconds = rotation.expiresPreviousInSeconds ?? defaultOverlapSeconds;
  return await ctx.db.transaction(async (tx) => {
    await holdEndpoint(ctx, tx, id);
    await replace(ctx, tx, id, { kind: "hmac", value, overlapSeconds });
    const row = await updateEndpointRow(tx, id, { updated_at: new Date(ctx.clock.now()) });
    return { ...presentEndpoint(row), secret: value };
  });
}

/**
 * Gives an endpoint a new Ed25519 key, whose public half the answer shows, and ends the others after an overlap. Throws
 * ConflictError `no_key` when it has none, `too_many_secrets` as above, NotFoundError when the project has no such endpoint.
 */
export async function rotateEndpointKey(ctx: Context, id: string, rotation: EndpointKeyRotation): Promise<Endpoint> {
  authorise(ctx.actor, "endpoints:rotate");
  const { privateKey, publicKey } = generateEndpointKey();
  const overlapSeconds = rotation.expiresPreviousInSeconds ?? defaultOverlapSeconds;
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await holdEndpoint(ctx, tx, id);
    if (endpoint.public_key === null)
      throw new ConflictError("no_key", "The endpoint has no key; set signing: {ed25519: true} first");
    await replace(ctx, tx, id, { kind: "ed25519", value: privateKey, overlapSeconds });
    const row = await updateEndpointRow(tx, id, { public_key: publicKey, updated_at: new Date(ctx.clock.now()) });
    return presentEndpoint(row);
  });
}
