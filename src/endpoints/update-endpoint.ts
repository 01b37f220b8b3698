import { z } from "zod";
import { recordAudit } from "../access/audit.ts";
import { authoriseChange } from "../access/authorise-change.ts";
import type { Context } from "../access/context.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { columnsOf, endpointSettings } from "./endpoint-columns.ts";
import { clientCertificate, oauth2Credentials, type ShownCredentials } from "./endpoint-credentials.ts";
import { generateEndpointKey } from "./endpoint-key.ts";
import { type Endpoint, endpointFields, presentEndpoint } from "./endpoint.ts";
import { type StoredVerification, unverified } from "./endpoint-verification.ts";
import { holdEndpoint } from "./hold-endpoint.ts";
import { requireVerified } from "./require-verified.ts";
import { requireReachableUrl } from "./require-reachable-url.ts";
import { sealEndpointSecret } from "./seal-endpoint-secret.ts";
import { settleHeld } from "./settle-held.ts";
import { storeCredentials } from "./store-credentials.ts";
import { type EndpointRow, insertEndpointSecret, updateEndpointRow } from "./store.ts";

export const endpointChanges = z
  .strictObject({
    ...endpointSettings.shape,
    oauth2: oauth2Credentials.nullable().exactOptional(),
    clientCertificate: clientCertificate.nullable().exactOptional(),
    disabled: endpointFields.disabled.exactOptional(),
  })
  .describe("An absent field stays as it is, null clears it; lists and objects are replaced as a whole.")
  .meta({ id: "EndpointChanges" });

export type EndpointChanges = z.infer<typeof endpointChanges>;

// Disabling what the hub has disabled already keeps the hub's reason.
function switched(endpoint: EndpointRow, disabled: boolean | undefined, now: Date): Partial<EndpointRow> {
  if (disabled === undefined || disabled === endpoint.disabled) return {};
  return { disabled, disabled_reason: disabled ? "manual" : null, disabled_at: disabled ? now : null };
}

// At another URL stands somebody else, who has yet to say that it wants to be called.
function movedTo(endpoint: EndpointRow, url: string | undefined, now: Date): Partial<EndpointRow> {
  const stored = endpoint.verification as StoredVerification | null;
  if (url === undefined || url === endpoint.url || stored === null) return {};
  const { method } = stored;
  return { verification: { method }, disabled: true, disabled_reason: unverified, disabled_at: now };
}

// The key that was made once stays when its signatures are switched off: a receiver may have it still.
async function firstKey(
  ctx: Context,
  tx: Transaction,
  endpoint: EndpointRow,
  now: Date,
): Promise<{ public_key: string }> {
  const { privateKey, publicKey } = generateEndpointKey();
  const secret = {
    id: ctx.newId(),
    endpointId: endpoint.id,
    kind: "ed25519",
    value: privateKey,
    createdAt: now,
  } as const;
  await insertEndpointSecret(tx, [sealEndpointSecret(ctx.secretBox, ctx.actor.projectId, secret)]);
  return { public_key: publicKey };
}

/**
 * Changes an endpoint; switching it on or off needs less permission than the rest. Throws InvalidError for a URL that may
 * not be called, NotFoundError when the project has no such endpoint, ConflictError `endpoint_unverified` for switching on one that
 * is still to be verified; another URL has to be verified anew. One that is switched on is sent what comes from then on:
 * `enableEndpoint` may send what was held, too.
 */
export async function updateEndpoint(ctx: Context, id: string, changes: EndpointChanges): Promise<Endpoint> {
  authoriseChange(ctx.actor, "endpoints", changes, "disabled");
  const { oauth2, disabled, ...settings } = changes;
  if (settings.url !== undefined) requireReachableUrl(ctx, settings.url);
  if (oauth2 !== undefined && oauth2 !== null) requireReachableUrl(ctx, oauth2.tokenUrl, "oauth2.tokenUrl");
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await holdEndpoint(ctx, tx, id);
    const credentials = await storeCredentials(ctx, tx, id, endpoint.credentials as ShownCredentials | null, changes);
    const needsKey = settings.signing?.ed25519 === true && endpoint.public_key === null;
    if (endpoint.disabled && disabled === false) requireVerified(endpoint);
    const next = { ...endpoint, ...switched(endpoint, disabled, now), ...movedTo(endpoint, settings.url, now) };
    const row = await updateEndpointRow(tx, id, {
      ...columnsOf(settings),
      ...(needsKey ? await firstKey(ctx, tx, endpoint, now) : {}),
      ...(credentials === undefined ? {} : { credentials }),
      verification: next.verification === null ? null : JSON.stringify(next.verification),
      disabled: next.disabled,
      disabled_reason: next.disabled_reason,
      disabled_at: next.disabled_at,
      updated_at: now,
    });
    if (endpoint.disabled && !next.disabled) await settleHeld(ctx, tx, endpoint, false);
    const detail = { fields: Object.keys(changes), ...(disabled === undefined ? {} : { disabled }) };
    await recordAudit(ctx, tx, { action: "endpoint.update", target: toWireId("endpoint", id), detail });
    await ctx.signals.emit(tx, "endpoints", [id]);
    return presentEndpoint(row);
  });
}
