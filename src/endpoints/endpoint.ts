import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";
import { channelList } from "./channel.ts";
import { type ShownCredentials, shownCredentials } from "./endpoint-credentials.ts";
import { type EndpointFilter, endpointFilter } from "./endpoint-filter.ts";
import { endpointHeaders } from "./endpoint-headers.ts";
import { endpointRetry, type RetryOptions, retryOf } from "./endpoint-retry.ts";
import { endpointSecretProblem } from "./endpoint-secret.ts";
import { type EndpointSigning, endpointSigning } from "./endpoint-signing.ts";
import { endpointVerification, shownVerification, type StoredVerification } from "./endpoint-verification.ts";
import { eventTypePattern } from "../lib/event-type-pattern.ts";
import type { EndpointRow } from "./store.ts";

/** A secret that a user brings along. */
export const endpointSecret = z
  .string()
  .max(200)
  .superRefine((secret, ctx) => {
    const message = endpointSecretProblem(secret);
    if (message !== undefined) ctx.addIssue({ code: "custom", message });
  })
  .describe("whsec_ and the base64 of 24 to 64 bytes. Absent: the hub makes one.");

/** What can be said of an endpoint besides its subscriber and its secrets. */
export const endpointFields = {
  url: storableText(2048).refine((url) => !/[\s\p{Cc}]/u.test(url), { error: "must not contain white space" }),
  eventTypes: z
    .array(eventTypePattern)
    .min(1)
    .max(100)
    .describe("The messages it gets, by type or by a pattern such as `task.*`. Absent: all."),
  channels: channelList.describe("Only messages on one of these channels. Absent: whatever their channels."),
  filter: endpointFilter,
  headers: endpointHeaders.describe(
    "Sent with every delivery. Not for credentials: they are stored and shown in clear.",
  ),
  concurrency: z.int().min(1).max(1_000).describe("Deliveries under way at once. Absent: the hub's setting."),
  timeoutSeconds: z.int().min(1).max(60).describe("For one try as a whole. Absent: the hub's setting."),
  retry: endpointRetry.describe("Absent: the hub's schedule."),
  rateLimitPerSecond: z
    .number()
    .min(0.01)
    .max(10_000)
    .describe("Deliveries a second at most, over all processes of the hub. Absent: no limit."),
  signing: endpointSigning.describe("Absent: `v1` in the three headers of Standard Webhooks."),
  verification: endpointVerification,
  disabled: z.boolean(),
  description: storableText(1_000),
};

const endpointShape = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string().exactOptional(),
  subscriberId: z.string(),
  eventTypes: z.array(z.string()).exactOptional(),
  channels: z.array(z.string()).exactOptional(),
  filter: z.object({ match: jsonObjectSchema.exactOptional(), when: z.string().exactOptional() }).exactOptional(),
  headers: z.record(z.string(), z.string()),
  concurrency: z.int().exactOptional(),
  timeoutSeconds: z.int().exactOptional(),
  retry: endpointRetry.exactOptional(),
  rateLimitPerSecond: z.number().exactOptional(),
  signing: endpointSigning.exactOptional(),
  publicKey: z
    .string()
    .exactOptional()
    .describe("`whpk_` and the base64 of the Ed25519 key that verifies the v1a signatures."),
  ...shownCredentials.shape,
  verification: shownVerification.exactOptional(),
  disabled: z.boolean(),
  disabledReason: z.string().exactOptional().describe("Why it is disabled: manual, or what the hub found."),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

/** An endpoint as the API shows it. */
export const endpointSchema = endpointShape.meta({ id: "Endpoint" });

/** An endpoint whose secret has just been made. */
export const endpointWithSecretSchema = endpointShape
  .extend({
    secret: z
      .string()
      .exactOptional()
      .describe("What the deliveries are signed with. Shown this once, and only to who may see it."),
  })
  .meta({ id: "EndpointWithSecret" });

export type Endpoint = z.infer<typeof endpointSchema>;
export type EndpointWithSecret = z.infer<typeof endpointWithSecretSchema>;

/** The public form of a stored endpoint. */
export function presentEndpoint(row: EndpointRow): Endpoint {
  const retry = retryOf(row.retry_schedule_seconds, row.retry_options as RetryOptions | null);
  return {
    id: toWireId("endpoint", row.id),
    url: row.url,
    ...(row.description === null ? {} : { description: row.description }),
    subscriberId: toWireId("subscriber", row.subscriber_id),
    ...(row.event_types === null ? {} : { eventTypes: row.event_types }),
    ...(row.channels === null ? {} : { channels: row.channels }),
    ...(row.filter === null ? {} : { filter: row.filter as EndpointFilter }),
    headers: row.headers,
    ...(row.concurrency === null ? {} : { concurrency: row.concurrency }),
    ...(row.timeout_seconds === null ? {} : { timeoutSeconds: row.timeout_seconds }),
    ...(retry === undefined ? {} : { retry }),
    ...(row.rate_limit_per_second === null ? {} : { rateLimitPerSecond: row.rate_limit_per_second }),
    ...(row.signing === null ? {} : { signing: row.signing as EndpointSigning }),
    ...(row.public_key === null ? {} : { publicKey: row.public_key }),
    ...(row.credentials as ShownCredentials | null),
    ...(row.verification === null ? {} : { verification: row.verification as StoredVerification }),
    disabled: row.disabled,
    ...(row.disabled_reason === null ? {} : { disabledReason: row.disabled_reason }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
