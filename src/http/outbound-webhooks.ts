import { z } from "zod";
import { taskStates } from "../tasks/task-state.ts";
import type { WebhookDescription } from "./openapi.ts";

const artifact = z.strictObject({
  id: z.string(),
  name: z.string(),
  contentType: z.string(),
  size: z.int(),
  sha256: z.string().meta({ description: "Hexadecimal." }),
});

const taskData = z
  .strictObject({
    task: z.strictObject({
      id: z.string(),
      agent: z.string(),
      state: z.enum(taskStates),
      reason: z.string().optional(),
      result: z.unknown().optional(),
      error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
      artifacts: z.array(artifact),
      usage: z.record(z.string(), z.unknown()),
      attempts: z.int(),
    }),
    event: z
      .strictObject({ id: z.string(), type: z.string(), sourceId: z.string(), deliveryId: z.string() })
      .optional()
      .meta({ description: "The event that the task came from." }),
  })
  .meta({ id: "TaskMessageData" });

const endpointData = z
  .strictObject({ endpoint: z.strictObject({ id: z.string(), url: z.string(), reason: z.string() }) })
  .meta({ id: "EndpointMessageData" });

const sourceData = z
  .strictObject({
    source: z.strictObject({
      id: z.string(),
      name: z.string(),
      provider: z.string(),
      since: z.iso.datetime().meta({ description: "When the first of these requests came." }),
      reasons: z.record(z.string(), z.int()).meta({ description: "How many were refused, by reason." }),
    }),
  })
  .meta({ id: "SourceMessageData" });

function described(type: string, summary: string, data: z.ZodType): [string, WebhookDescription] {
  const schema = z.strictObject({ type: z.literal(type), timestamp: z.iso.datetime(), data });
  return [type, { summary, schema }];
}

/** The messages that the hub itself sends, by type: the `webhooks` of the OpenAPI document. */
export const outboundWebhooks: Readonly<Record<string, WebhookDescription>> = Object.fromEntries([
  described("task.submitted", "A task was queued.", taskData),
  described("task.working", "A worker leased a task.", taskData),
  described("task.completed", "A task was completed; it has its result.", taskData),
  described("task.failed", "A task failed, and will not be tried again by itself.", taskData),
  described("task.canceled", "A task was canceled.", taskData),
  described("endpoint.disabled", "An endpoint was switched off: it answered 410 Gone.", endpointData),
  described(
    "source.rejecting",
    "A source that used to verify has turned away several requests in a row: its secret is likely to be another one now.",
    sourceData,
  ),
]);
