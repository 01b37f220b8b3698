import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { permits } from "../access/roles.ts";
import { ConflictError, InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { columnsOf } from "./endpoint-columns.ts";
import { clientCertificate, oauth2Credentials } from "./endpoint-credentials.ts";
import { generateEndpointKey } from "./endpoint-key.ts";
import { generateEndpointSecret } from "./endpoint-secret.ts";
import { endpointFields, endpointSecret, type EndpointWithSecret, presentEndpoint } from "./endpoint.ts";
import { unverified, verificationOf } from "./endpoint-verification.ts";
import { holdDefaultSubscriber } from "./hold-default-subscriber.ts";
import { requireReachableUrl } from "./require-reachable-url.ts";
import { sealEndpointSecret } from "./seal-endpoint-secret.ts";
import { storeCredentials } from "./store-credentials.ts";
import {
  countEndpointsOf,
  insertEndpoint,
  insertEndpointSecret,
  selectSubscriber,
  findSubscriberId,
  type SubscriberRow,
  updateEndpointRow,
} from "./store.ts";

import { subscriberName } from "./subscriber.ts";

export const newEndpoint = z
  .strictObject({
    url: endpointFields.url,
    subscriberId: subscriberName
      .exactOptional()
      .describe("The id or external id. Absent: the project's default subscriber."),
    eventTypes: endpointFields.eventTypes.exactOptional(),
    channels: endpointFields.channels.exactOptional(),
    filter: endpointFields.filter.exactOptional(),
    headers: endpointFields.headers.exactOptional(),
    concurrency: endpointFields.concurrency.exactOptional(),
    timeoutSeconds: endpointFields.timeoutSeconds.exactOptional(),
    retry: endpointFields.retry.exactOptional(),
    rateLimitPerSecond: endpointFields.rateLimitPerSecond.exactOptional(),
    signing: endpointFields.signing.exactOptional(),
    oauth2: oauth2Credentials.exactOptional(),
    clientCertificate: clientCertificate.exactOptional(),
    secret: endpointSecret.exactOptional(),
    verification: endpointFields.verification.exactOptional(),
    disabled: endpointFields.disabled.exactOptional(),
    description: endpointFields.description.exactOptional(),
  })
  .meta({ id: "NewEndpoint" });

export type NewEndpoint = z.infer<typeof newEndpoint>;

/** Of those that a subscriber makes itself: each message is held against each of them. */
const maxOwnEndpoints = 100;

async function holdSubscriber(ctx: Context, tx: Transaction, named: string | undefined): Promise<SubscriberRow> {
  if (named === undefined && ctx.actor.subscriberId === undefined) return await holdDefaultSubscriber(ctx, tx);
  const id = named === undefined ? ctx.actor.subscriberId : await findSubscriberId(tx, ctx.actor.projectId, named);
  const subscriber = id === undefined ? undefined : await selectSubscriber(tx, ctx.actor, { id }, "share");
  if (subscriber !== undefined) return subscriber;
  const message = "must be the id or external id of a subscriber of this project";
  throw new InvalidError(`subscriberId ${message}`, [{ path: "subscriberId", message }]);
}

/**
 * Adds a receiver of messages. The answer holds the secret only for an actor with `endpoints:reveal`. Throws InvalidError
 * for a URL that may not be called and for an unknown subscriber, ConflictError `too_many_endpoints` for a subscriber that has a
 * hundred and asks for one more.
 */
export async function createEndpoint(ctx: Context, input: NewEndpoint): Promise<EndpointWithSecret> {
  authorise(ctx.actor, "endpoints:write");
  const { subscriberId, oauth2, clientCertificate: certificate, secret, ...settings } = input;
  const verification = verificationOf(input.verification, ctx.settings.deliveries);
  const disabledReason = input.disabled === true ? "manual" : verification === undefined ? null : unverified;
  const disabled = disabledReason !== null;
  requireReachableUrl(ctx, input.url);
  if (oauth2 !== undefined) requireReachableUrl(ctx, oauth2.tokenUrl, "oauth2.tokenUrl");
  const { projectId, role } = ctx.actor;
  const id = ctx.newId();
  const now = new Date(ctx.clock.now());
  const text = secret ?? generateEndpointSecret();
  const key = settings.signing?.ed25519 === true ? generateEndpointKey() : undefined;
  const sealed = { endpointId: id, createdAt: now };
  return await ctx.db.transaction(async (tx) => {
    const subscriber = await holdSubscriber(ctx, tx, subscriberId);
    if (ctx.actor.subscriberId !== undefined && (await countEndpointsOf(tx, subscriber.id)) >= maxOwnEndpoints)
      throw new ConflictError("too_many_endpoints", `You have ${maxOwnEndpoints} endpoints; delete one first`);
    let row = await insertEndpoint(tx, {
      description: null,
      event_types: null,
      timeout_seconds: null,
      concurrency: null,
      retry_schedule_seconds: null,
      ...columnsOf(settings),
      url: input.url,
      headers: JSON.stringify(input.headers ?? {}),
      id,
      project_id: projectId,
      subscriber_id: subscriber.id,
      public_key: key?.publicKey ?? null,
      verification: verification === undefined ? null : JSON.stringify(verification),
      disabled,
      disabled_reason: disabledReason,
      disabled_at: disabled ? now : null,
      created_at: now,
      updated_at: now,
      deleted_at: null,
    });
    const secrets = [
      sealEndpointSecret(ctx.secretBox, projectId, { ...sealed, id: ctx.newId(), kind: "hmac", value: text }),
    ];
    if (key !== undefined) {
      const value = key.privateKey;
      secrets.push(
        sealEndpointSecret(ctx.secretBox, projectId, { ...sealed, id: ctx.newId(), kind: "ed25519", value }),
      );
    }
    await insertEndpointSecret(tx, secrets);
    const changes = {
      ...(oauth2 === undefined ? {} : { oauth2 }),
      ...(certificate === undefined ? {} : { clientCertificate: certificate }),
    };
    const credentials = await storeCredentials(ctx, tx, id, null, changes);
    if (credentials !== undefined) row = await updateEndpointRow(tx, id, { credentials });
    const target = toWireId("endpoint", id);
    await recordAudit(ctx, tx, { action: "endpoint.create", target, detail: { fields: Object.keys(input) } });
    await ctx.signals.emit(tx, "endpoints", [id]);
    return { ...presentEndpoint(row), ...(permits(role, "endpoints:reveal") ? { secret: text } : {}) };
  });
}
