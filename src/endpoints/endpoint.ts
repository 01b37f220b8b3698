import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { storableText } from "../lib/storable-text.ts";
import { endpointHeaders } from "./endpoint-headers.ts";
import { endpointSecretProblem } from "./endpoint-secret.ts";
import type { EndpointRow } from "./store.ts";

const retry = z.strictObject({
  scheduleSeconds: z
    .array(z.int().min(1).max(604_800))
    .max(20)
    .describe("Waits between the tries; as many retries as entries."),
});

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
    .array(
      z.string().regex(/^[a-zA-Z0-9._-]{1,100}$/, { error: "must be the type of a message such as task.completed" }),
    )
    .min(1)
    .max(100)
    .describe("The messages it gets. Absent: all."),
  headers: endpointHeaders.describe(
    "Sent with every delivery. Not for credentials: they are stored and shown in clear.",
  ),
  concurrency: z.int().min(1).max(1_000).describe("Deliveries under way at once. Absent: the hub's setting."),
  timeoutSeconds: z.int().min(1).max(60).describe("For one try as a whole. Absent: the hub's setting."),
  retry: retry.describe("Absent: the hub's schedule."),
  disabled: z.boolean(),
  description: storableText(1_000),
};

const endpointShape = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string().exactOptional(),
  subscriberId: z.string(),
  eventTypes: z.array(z.string()).exactOptional(),
  headers: z.record(z.string(), z.string()),
  concurrency: z.int().exactOptional(),
  timeoutSeconds: z.int().exactOptional(),
  retry: retry.exactOptional(),
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
  return {
    id: toWireId("endpoint", row.id),
    url: row.url,
    ...(row.description === null ? {} : { description: row.description }),
    subscriberId: toWireId("subscriber", row.subscriber_id),
    ...(row.event_types === null ? {} : { eventTypes: row.event_types }),
    headers: row.headers,
    ...(row.concurrency === null ? {} : { concurrency: row.concurrency }),
    ...(row.timeout_seconds === null ? {} : { timeoutSeconds: row.timeout_seconds }),
    ...(row.retry_schedule_seconds === null ? {} : { retry: { scheduleSeconds: row.retry_schedule_seconds } }),
    disabled: row.disabled,
    ...(row.disabled_reason === null ? {} : { disabledReason: row.disabled_reason }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
