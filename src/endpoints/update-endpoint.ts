import { z } from "zod";
import { recordAudit } from "../access/audit.ts";
import { authoriseChange } from "../access/authorise-change.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { type Endpoint, endpointFields, presentEndpoint } from "./endpoint.ts";
import { requireReachableUrl } from "./require-reachable-url.ts";
import { type EndpointRow, selectEndpoint, updateEndpointRow } from "./store.ts";

export const endpointChanges = z
  .strictObject({
    url: endpointFields.url.exactOptional(),
    eventTypes: endpointFields.eventTypes.nullable().exactOptional(),
    headers: endpointFields.headers.exactOptional(),
    concurrency: endpointFields.concurrency.nullable().exactOptional(),
    timeoutSeconds: endpointFields.timeoutSeconds.nullable().exactOptional(),
    retry: endpointFields.retry.nullable().exactOptional(),
    disabled: endpointFields.disabled.exactOptional(),
    description: endpointFields.description.nullable().exactOptional(),
  })
  .describe("An absent field stays as it is, null clears it; lists and objects are replaced as a whole.")
  .meta({ id: "EndpointChanges" });

export type EndpointChanges = z.infer<typeof endpointChanges>;

// Disabling what the hub has disabled already keeps the hub's reason.
function switched(endpoint: EndpointRow, disabled: boolean | undefined): Partial<EndpointRow> {
  if (disabled === undefined || disabled === endpoint.disabled) return {};
  return { disabled, disabled_reason: disabled ? "manual" : null };
}

/**
 * Changes an endpoint; switching it on or off needs less permission than the rest. Throws InvalidError for a URL that may
 * not be called, NotFoundError when the project has no such endpoint.
 */
export async function updateEndpoint(ctx: Context, id: string, changes: EndpointChanges): Promise<Endpoint> {
  authoriseChange(ctx.actor, "endpoints", changes, "disabled");
  const { url, eventTypes, headers, concurrency, timeoutSeconds, retry, disabled, description } = changes;
  if (url !== undefined) requireReachableUrl(ctx, url);
  return await ctx.db.transaction(async (tx) => {
    const endpoint = await selectEndpoint(tx, ctx.actor.projectId, id, "update");
    if (endpoint === undefined) throw new NotFoundError("There is no such endpoint in this project");
    const { disabled: isDisabled, disabled_reason } = { ...endpoint, ...switched(endpoint, disabled) };
    const row = await updateEndpointRow(tx, id, {
      ...(url === undefined ? {} : { url }),
      ...(eventTypes === undefined ? {} : { event_types: eventTypes === null ? null : [...new Set(eventTypes)] }),
      ...(headers === undefined ? {} : { headers: JSON.stringify(headers) }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(timeoutSeconds === undefined ? {} : { timeout_seconds: timeoutSeconds }),
      ...(retry === undefined ? {} : { retry_schedule_seconds: retry?.scheduleSeconds ?? null }),
      ...(description === undefined ? {} : { description }),
      disabled: isDisabled,
      disabled_reason,
      updated_at: new Date(ctx.clock.now()),
    });
    const detail = { fields: Object.keys(changes), ...(disabled === undefined ? {} : { disabled }) };
    await recordAudit(ctx, tx, { action: "endpoint.update", target: toWireId("endpoint", id), detail });
    await ctx.signals.emit(tx, "endpoints", [id]);
    return presentEndpoint(row);
  });
}
