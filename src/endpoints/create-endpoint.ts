import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { permits } from "../access/roles.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { Transaction } from "../platform/database.ts";
import { generateEndpointSecret } from "./endpoint-secret.ts";
import { endpointFields, endpointSecret, type EndpointWithSecret, presentEndpoint } from "./endpoint.ts";
import { holdDefaultSubscriber } from "./hold-default-subscriber.ts";
import { requireReachableUrl } from "./require-reachable-url.ts";
import { sealEndpointSecret } from "./seal-endpoint-secret.ts";
import { insertEndpoint, insertEndpointSecret, selectSubscriber, type SubscriberRow } from "./store.ts";

export const newEndpoint = z
  .strictObject({
    url: endpointFields.url,
    subscriberId: wireIdSchema("subscriber").exactOptional().describe("Absent: the project's default subscriber."),
    eventTypes: endpointFields.eventTypes.exactOptional(),
    headers: endpointFields.headers.exactOptional(),
    concurrency: endpointFields.concurrency.exactOptional(),
    timeoutSeconds: endpointFields.timeoutSeconds.exactOptional(),
    retry: endpointFields.retry.exactOptional(),
    secret: endpointSecret.exactOptional(),
    disabled: endpointFields.disabled.exactOptional(),
    description: endpointFields.description.exactOptional(),
  })
  .meta({ id: "NewEndpoint" });

export type NewEndpoint = z.infer<typeof newEndpoint>;

async function holdSubscriber(ctx: Context, tx: Transaction, id: string | undefined): Promise<SubscriberRow> {
  if (id === undefined) return await holdDefaultSubscriber(ctx, tx);
  const subscriber = await selectSubscriber(tx, ctx.actor.projectId, { id }, "share");
  if (subscriber !== undefined) return subscriber;
  const message = "must be the id of a subscriber of this project";
  throw new InvalidError(`subscriberId ${message}`, [{ path: "subscriberId", message }]);
}

/**
 * Adds a receiver of messages. The answer holds the secret only for an actor with `endpoints:reveal`. Throws InvalidError
 * for a URL that may not be called and for an unknown subscriber.
 */
export async function createEndpoint(ctx: Context, input: NewEndpoint): Promise<EndpointWithSecret> {
  authorise(ctx.actor, "endpoints:write");
  requireReachableUrl(ctx, input.url);
  const { projectId, role } = ctx.actor;
  const id = ctx.newId();
  const now = new Date(ctx.clock.now());
  const text = input.secret ?? generateEndpointSecret();
  const disabled = input.disabled ?? false;
  const secret = { id: ctx.newId(), endpointId: id, text, createdAt: now };
  return await ctx.db.transaction(async (tx) => {
    const subscriber = await holdSubscriber(ctx, tx, input.subscriberId);
    const row = await insertEndpoint(tx, {
      id,
      project_id: projectId,
      subscriber_id: subscriber.id,
      url: input.url,
      description: input.description ?? null,
      event_types: input.eventTypes === undefined ? null : [...new Set(input.eventTypes)],
      headers: JSON.stringify(input.headers ?? {}),
      timeout_seconds: input.timeoutSeconds ?? null,
      concurrency: input.concurrency ?? null,
      retry_schedule_seconds: input.retry?.scheduleSeconds ?? null,
      disabled,
      disabled_reason: disabled ? "manual" : null,
      created_at: now,
      updated_at: now,
      deleted_at: null,
    });
    await insertEndpointSecret(tx, sealEndpointSecret(ctx.secretBox, projectId, secret));
    const target = toWireId("endpoint", id);
    await recordAudit(ctx, tx, { action: "endpoint.create", target, detail: { fields: Object.keys(input) } });
    await ctx.signals.emit(tx, "endpoints", [id]);
    return { ...presentEndpoint(row), ...(permits(role, "endpoints:reveal") ? { secret: text } : {}) };
  });
}
