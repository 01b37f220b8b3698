import { z } from "zod";
import { wireActorId } from "../access/wire-actor-id.ts";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import type { Message } from "../messages/message.ts";
import { messageSchema } from "../messages/message.ts";
import type { CoalescedEvents, EventSummary } from "../platform/tables.ts";
import { type Artifact, artifactSchema } from "./artifact.ts";
import {
  approvalSchema,
  type InputRequest,
  inputAnswerSchema,
  inputRequestSchema,
  presentInputRequest,
} from "./input-request.ts";
import { type Report, reportSchema } from "./parse-report.ts";
import type { FullTaskRow, TaskAttemptRow, TaskSummaryRow } from "./store.ts";
import type { TaskKeys } from "./task-keys.ts";
import { presentTaskKeys, taskKeysSchema } from "./task-keys-view.ts";
import { taskStates } from "./task-state.ts";
import { usageOfTask } from "./total-usage.ts";

const taskEvent = z.object({
  id: z.string(),
  type: z.string(),
  sourceId: z.string(),
  deliveryId: z.string(),
  generation: z.int().exactOptional().describe("Of the replay that made the task of it."),
});

/** What is shown of the events that became one task. */
export const coalescedFields = {
  coalesced: z
    .array(z.object({ id: z.string(), type: z.string(), deliveryId: z.string(), receivedAt: z.iso.datetime() }))
    .exactOptional()
    .describe("The events that it stands for, oldest first: the last 1,000."),
  coalescedCount: z.int().exactOptional().describe("How many events it stands for."),
};

const failure = z.object({ code: z.string(), message: z.string() });

const summaryShape = z.object({
  id: z.string(),
  agent: z.string().describe("The agent's name."),
  routeId: z.string().exactOptional().describe("The route that made it; absent for a task made by a call."),
  state: z.enum(taskStates),
  reason: z.string().exactOptional().describe("Why it is in this state, e.g. `lease_expired`."),
  priority: z.int().describe("Higher goes first."),
  event: taskEvent.exactOptional().describe("The event that caused it."),
  attemptCount: z.int().describe("How often it was leased, released leases included."),
  maxAttempts: z.int().describe("How many attempts it may be charged."),
  workerId: z.string().exactOptional().describe("The worker that holds it, or the last that did."),
  leaseExpiresAt: z.iso.datetime().exactOptional(),
  deadlineAt: z.iso.datetime().exactOptional().describe("When the attempt under way has run out of time."),
  startAfter: z.iso.datetime().exactOptional().describe("It is not leased before this time."),
  waitingFor: z
    .enum(["dependencies", "order", "concurrency"])
    .exactOptional()
    .describe("What it waits for before a worker may have it: tasks it depends on, its turn, or a place."),
  isBlocking: z
    .literal(true)
    .exactOptional()
    .describe("It failed, and those behind it in its order wait until it is retried and completes, or is skipped."),
  sessionId: z.string().exactOptional().describe("The session that it continues."),
  labels: z.array(z.string()).exactOptional(),
  usage: jsonObjectSchema.describe(
    "What it has cost over all attempts, as its workers reported: numbers are added up.",
  ),
  error: failure.exactOptional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  settledAt: z.iso.datetime().exactOptional(),
  erasedAt: z.iso.datetime().exactOptional().describe("When what it was made of and what came of it was erased."),
});

/** A task as lists show it. */
export const taskSummarySchema = summaryShape.meta({ id: "TaskSummary" });

/** One attempt at a task. */
export const taskAttemptSchema = z
  .object({
    attempt: z.int(),
    workerId: z.string(),
    actorId: z.string().describe("The key that leased it."),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().exactOptional(),
    outcome: z
      .string()
      .exactOptional()
      .describe("The state it led to, or why it ended without one, e.g. `lease_expired`, `released`."),
    error: failure.exactOptional(),
    usage: jsonObjectSchema.exactOptional(),
  })
  .meta({ id: "TaskAttempt" });

/** A task with all that is kept of it. */
export const taskSchema = summaryShape
  .extend({
    input: z.string().describe("What the agent was told."),
    parameters: jsonObjectSchema.exactOptional(),
    keys: taskKeysSchema.exactOptional().describe("What it shares with other tasks of its route, or agent."),
    dependsOn: z.array(z.string()).exactOptional().describe("The tasks that have to complete before it."),
    origin: z
      .object({ chain: z.array(z.string()).describe("Oldest first."), depth: z.int() })
      .exactOptional()
      .describe("The tasks that led to it."),
    ...coalescedFields,
    subscriberId: z.string().exactOptional().describe("The one subscriber that its messages are for."),
    progress: z.unknown().optional().describe("What the worker last reported."),
    request: inputRequestSchema.exactOptional().describe("What it waits for a person to say."),
    answers: z.array(inputAnswerSchema).exactOptional().describe("What people said to its questions, first to last."),
    approval: approvalSchema.exactOptional(),
    result: z.unknown().optional(),
    report: reportSchema
      .exactOptional()
      .describe("Where the result, or an artifact in Markdown, follows the report template."),
    attempts: z.array(taskAttemptSchema).describe("First to last."),
    artifacts: z.array(artifactSchema).describe("In the order of their making."),
    messages: z.array(messageSchema).describe("What was said of it, first to last."),
  })
  .meta({ id: "Task" });

export type TaskSummary = z.infer<typeof taskSummarySchema>;
export type TaskAttempt = z.infer<typeof taskAttemptSchema>;
export type Task = z.infer<typeof taskSchema>;

/** The public form of what a task remembers of its event. */
export function presentEvent(event: EventSummary): z.infer<typeof taskEvent> {
  return {
    id: toWireId("event", event.id),
    type: event.type,
    sourceId: toWireId("source", event.sourceId),
    deliveryId: event.deliveryId,
    ...(event.generation === undefined ? {} : { generation: event.generation }),
  };
}

/** The public form of the events that became one task. */
export function presentCoalesced({
  count,
  events,
}: CoalescedEvents): Required<Pick<Task, keyof typeof coalescedFields>> {
  const coalesced = events.map(({ id, ...event }) => ({ ...event, id: toWireId("event", id) }));
  return { coalesced, coalescedCount: count };
}

/** The public form of a stored task for a list. */
export function presentTaskSummary(row: TaskSummaryRow): TaskSummary {
  return {
    id: toWireId("task", row.id),
    agent: row.agent_name,
    ...(row.route_id === null ? {} : { routeId: toWireId("route", row.route_id) }),
    state: row.state as TaskSummary["state"],
    ...(row.reason === null ? {} : { reason: row.reason }),
    priority: row.priority,
    ...(row.event === null ? {} : { event: presentEvent(row.event) }),
    attemptCount: row.attempt,
    maxAttempts: row.max_attempts,
    ...(row.lease_worker === null ? {} : { workerId: row.lease_worker }),
    ...(row.lease_expires_at === null ? {} : { leaseExpiresAt: row.lease_expires_at.toISOString() }),
    ...(row.deadline_at === null || row.state !== "working" ? {} : { deadlineAt: row.deadline_at.toISOString() }),
    ...(row.start_after === null ? {} : { startAfter: row.start_after.toISOString() }),
    ...(row.waiting_for === null ? {} : { waitingFor: row.waiting_for as NonNullable<TaskSummary["waitingFor"]> }),
    ...(row.blocks !== null ? { isBlocking: true } : {}),
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
    ...(row.labels === null ? {} : { labels: row.labels }),
    usage: usageOfTask(row),
    ...(row.error === null ? {} : { error: row.error as NonNullable<TaskSummary["error"]> }),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    ...(row.settled_at === null ? {} : { settledAt: row.settled_at.toISOString() }),
    ...(row.erased_at === null ? {} : { erasedAt: row.erased_at.toISOString() }),
  };
}

/** The public form of a stored attempt. */
export function presentTaskAttempt(row: TaskAttemptRow): TaskAttempt {
  return {
    attempt: row.attempt,
    workerId: row.worker_id,
    actorId: wireActorId(row.actor_id),
    startedAt: row.started_at.toISOString(),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    ...(row.error === null ? {} : { error: row.error as NonNullable<TaskAttempt["error"]> }),
    ...(row.usage === null ? {} : { usage: row.usage as NonNullable<TaskAttempt["usage"]> }),
  };
}

/** What a task is shown with. */
export interface TaskParts {
  readonly attempts: readonly TaskAttemptRow[];
  readonly artifacts: readonly Artifact[];
  readonly messages: readonly Message[];
  readonly report: Report | undefined;
}

/** The public form of a task with all that is kept of it. */
export function presentTask(row: FullTaskRow, parts: TaskParts): Task {
  return {
    ...presentTaskSummary(row),
    input: row.input,
    ...(row.parameters === null ? {} : { parameters: row.parameters as NonNullable<Task["parameters"]> }),
    ...(row.keys === null ? {} : { keys: presentTaskKeys(row.keys as TaskKeys) }),
    ...(row.depends_on === null ? {} : { dependsOn: row.depends_on.map((id) => toWireId("task", id)) }),
    ...(row.origin === null ? {} : { origin: { chain: [...row.origin.chain], depth: row.origin.depth } }),
    ...(row.coalesced === null ? {} : presentCoalesced(row.coalesced)),
    ...(row.subscriber_id === null ? {} : { subscriberId: toWireId("subscriber", row.subscriber_id) }),
    ...(row.request === null
      ? {}
      : { request: presentInputRequest(row.request as InputRequest, row.request_expires_at) }),
    ...(row.answers === null ? {} : { answers: row.answers as NonNullable<Task["answers"]> }),
    ...(row.approval === null ? {} : { approval: row.approval as NonNullable<Task["approval"]> }),
    ...(row.progress === null ? {} : { progress: row.progress }),
    ...(row.result === null ? {} : { result: row.result }),
    ...(parts.report === undefined ? {} : { report: parts.report }),
    attempts: parts.attempts.map(presentTaskAttempt),
    artifacts: [...parts.artifacts],
    messages: [...parts.messages],
  };
}
