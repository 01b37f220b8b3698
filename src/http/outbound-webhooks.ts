import { z } from "zod";
import { reportSchema } from "../tasks/parse-report.ts";
import { taskStates } from "../tasks/task-state.ts";
import type { WebhookDescription } from "./openapi.ts";

const artifact = z.strictObject({
  id: z.string(),
  name: z.string(),
  contentType: z.string(),
  title: z.string().optional(),
  path: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  size: z.int(),
  sha256: z.string().meta({ description: "Hexadecimal." }),
});

const taskData = z
  .strictObject({
    task: z.strictObject({
      id: z.string(),
      origin: z
        .strictObject({ depth: z.int(), chain: z.array(z.string()) })
        .optional()
        .meta({ description: "The tasks that led to it, oldest first, where there are some." }),
      agent: z.string(),
      state: z.enum(taskStates),
      reason: z.string().optional(),
      request: z
        .strictObject({ kind: z.enum(["input", "approval"]), prompt: z.string(), schema: z.unknown().optional() })
        .optional()
        .meta({ description: "What it waits for, in `input_required`." }),
      result: z.unknown().optional(),
      error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
      report: reportSchema.optional(),
      artifacts: z.array(artifact),
      usage: z.record(z.string(), z.unknown()),
      attempts: z.int(),
    }),
    event: z
      .strictObject({
        id: z.string(),
        type: z.string(),
        sourceId: z.string(),
        deliveryId: z.string(),
        generation: z.int().optional().meta({ description: "Of the replay that made the task of it." }),
      })
      .optional()
      .meta({ description: "The event that the task came from." }),
  })
  .meta({ id: "TaskMessageData" });

const endpointData = z
  .strictObject({
    endpoint: z.strictObject({ id: z.string(), url: z.string(), reason: z.enum(["gone", "failing"]) }),
  })
  .meta({ id: "EndpointMessageData" });

const failingEndpointData = z
  .strictObject({
    endpoint: z.strictObject({
      id: z.string(),
      url: z.string(),
      failingSince: z.iso.datetime(),
      failures: z.int().optional().meta({ description: "Failed attempts since then." }),
    }),
  })
  .meta({ id: "EndpointHealthMessageData" });

const failedMessageData = z
  .strictObject({
    endpoint: z.strictObject({ id: z.string(), url: z.string() }),
    message: z.strictObject({ id: z.string(), type: z.string() }),
    delivery: z.strictObject({
      id: z.string(),
      attempts: z.int(),
      lastOutcome: z.string().optional(),
      lastStatus: z.int().optional(),
    }),
  })
  .meta({ id: "FailedMessageData" });

const endpointTestData = z.record(z.string(), z.unknown()).meta({ id: "EndpointTestData" });

const challengeData = z.strictObject({ challenge: z.string() }).meta({ id: "EndpointChallengeData" });

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

const agentData = z
  .strictObject({
    agent: z.strictObject({
      id: z.string(),
      name: z.string(),
      since: z.iso.datetime(),
      reason: z.string().meta({ description: "`manual`, `breaker`, or what was given." }),
      resumesAt: z.iso.datetime().optional().meta({ description: "When a task is tried again." }),
    }),
  })
  .meta({ id: "AgentMessageData" });

const routeData = z
  .strictObject({
    route: z.strictObject({
      id: z.string(),
      name: z.string(),
      reason: z.literal("breaker"),
      tasks: z.int().meta({ description: "How many it may make …" }),
      perSeconds: z.int().meta({ description: "… in so many seconds." }),
      resumesAt: z.iso.datetime(),
    }),
  })
  .meta({ id: "RouteMessageData" });

const budgetData = z
  .strictObject({
    budget: z.strictObject({
      scope: z.enum(["route", "agent", "project"]),
      id: z.string(),
      name: z.string(),
      measure: z.enum(["tasks", "tokens", "cost"]),
      period: z.enum(["hour", "day"]),
      limit: z.number().meta({ description: "Cost is in US dollars." }),
      used: z.number(),
      resetsAt: z.iso.datetime(),
    }),
  })
  .meta({ id: "BudgetMessageData" });

function described(type: string, summary: string, data: z.ZodType): [string, WebhookDescription] {
  const schema = z.strictObject({ type: z.literal(type), timestamp: z.iso.datetime(), data });
  return [type, { summary, schema }];
}

/** The messages that the hub itself sends, by type: the `webhooks` of the OpenAPI document. */
export const outboundWebhooks: Readonly<Record<string, WebhookDescription>> = Object.fromEntries([
  described("task.submitted", "A task was queued.", taskData),
  described("task.working", "A worker leased a task.", taskData),
  described(
    "task.input_required",
    "A task waits for a person: for an answer, or for the approval of its result.",
    taskData,
  ),
  described("task.completed", "A task was completed; it has its result.", taskData),
  described("task.failed", "A task failed, and will not be tried again by itself.", taskData),
  described("task.canceled", "A task was canceled.", taskData),
  described("task.rejected", "A task was rejected: its result was refused, or its agent took it not.", taskData),
  described("agent.paused", "An agent was paused, by a person or because it only failed: its tasks wait.", agentData),
  described(
    "route.paused",
    "A route made more tasks than its breaker allows, and makes none until it closes.",
    routeData,
  ),
  described(
    "budget.exceeded",
    "A budget is used up: no task is made under it before it begins anew. Said once in each hour and each day.",
    budgetData,
  ),
  described(
    "endpoint.failing",
    "An endpoint has failed several times in a row. Its own subscriber is told, and the project's default one.",
    failingEndpointData,
  ),
  described("endpoint.recovered", "An endpoint that failed took something again.", failingEndpointData),
  described(
    "endpoint.disabled",
    "An endpoint was switched off: it answered 410 Gone, or has done nothing but fail for days. What is for it is held.",
    endpointData,
  ),
  described("message.failed", "A delivery has failed for good; it can be sent again.", failedMessageData),
  described("endpoint.test", "Somebody wants to see whether messages arrive.", endpointTestData),
  described("endpoint.verification", "Answer with the challenge to be sent messages.", challengeData),
  described(
    "source.rejecting",
    "A source that used to verify has turned away several requests in a row: its secret is likely to be another one now.",
    sourceData,
  ),
]);
