import { z } from "zod";
import { attemptSummarySchema, presentAttemptSummary } from "../deliveries/attempt.ts";
import { deliverySchema, presentDelivery } from "../deliveries/delivery.ts";
import { eventSchema, presentEvent } from "../events/event.ts";
import { toWireId } from "../lib/ids.ts";
import { messageSchema, presentMessage } from "../messages/message.ts";
import { decisionSchema, presentDecision } from "../routing/decision.ts";
import { artifactSchema, presentArtifact } from "../tasks/artifact.ts";
import { presentTaskAttempt, presentTaskSummary, taskAttemptSchema, taskSummarySchema } from "../tasks/task.ts";
import type { Trace, TracedMessage } from "../trace/trace-of.ts";

const tracedMessage = messageSchema
  .extend({
    deliveries: z.array(
      deliverySchema.extend({
        url: z.string().describe("The endpoint's, as it is now."),
        attempts: z.array(attemptSummarySchema).describe("With the first 500 bytes of each answer."),
      }),
    ),
  })
  .meta({ id: "TracedMessage" });

/** A chain as the API shows it. */
export const traceSchema = z
  .object({
    source: z.object({ id: z.string(), name: z.string() }).exactOptional().describe("Where the event came in."),
    event: eventSchema
      .exactOptional()
      .describe("Absent when none caused it, or when it is older than events are kept."),
    routes: z
      .array(z.object({ id: z.string(), name: z.string() }))
      .describe("The routes that made the tasks, deleted ones included; a task names its own by `routeId`."),
    decisions: z
      .array(decisionSchema)
      .describe("What each route that was asked made of the event, the last generation first."),
    tasks: z.array(
      taskSummarySchema.extend({
        attempts: z.array(taskAttemptSchema),
        artifacts: z.array(artifactSchema),
        messages: z.array(tracedMessage),
      }),
    ),
    messages: z.array(tracedMessage).describe("A published message, which belongs to no task."),
    truncated: z.boolean().describe("There is more than is shown."),
  })
  .describe("Each list is oldest first, where nothing else is said.")
  .meta({ id: "Trace" });

function presentTracedMessage({ message, deliveries }: TracedMessage): z.infer<typeof tracedMessage> {
  return {
    ...presentMessage(message),
    deliveries: deliveries.map(({ delivery, attempts }) => ({
      ...presentDelivery(delivery),
      url: delivery.url,
      attempts: attempts.map(presentAttemptSummary),
    })),
  };
}

/** The public form of a chain. */
export function presentTrace(trace: Trace, publicUrl: string): z.infer<typeof traceSchema> {
  const { source, event } = trace;
  return {
    ...(source === undefined ? {} : { source: { id: toWireId("source", source.id), name: source.name } }),
    ...(event === undefined ? {} : { event: presentEvent(event, publicUrl) }),
    routes: trace.routes.map(({ id, name }) => ({ id: toWireId("route", id), name })),
    decisions: trace.decisions.map(presentDecision),
    tasks: trace.tasks.map(({ task, attempts, artifacts, messages }) => ({
      ...presentTaskSummary(task),
      attempts: attempts.map(presentTaskAttempt),
      artifacts: artifacts.map((artifact) => presentArtifact(artifact, publicUrl)),
      messages: messages.map(presentTracedMessage),
    })),
    messages: trace.messages.map(presentTracedMessage),
    truncated: trace.truncated,
  };
}
