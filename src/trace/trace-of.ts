import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import {
  type AttemptExcerptRow,
  type DeliveryRow,
  selectAttemptsOf,
  selectDeliveriesOf,
  selectDelivery,
  selectDeliveryIdOfAttempt,
} from "../deliveries/store.ts";
import { selectEvent, type StoredEvent } from "../events/store.ts";
import { NotFoundError } from "../lib/errors.ts";
import type { IdKind } from "../lib/ids.ts";
import { selectDecisions, type StoredDecision } from "../routing/decision-store.ts";
import { type MessageRow, selectMessagesById, selectMessagesOf } from "../messages/store.ts";
import { type ArtifactRow, selectArtifact, selectArtifactsOf } from "../tasks/artifact-store.ts";
import {
  selectTaskAttempts,
  selectTasks,
  selectTasksById,
  type TaskAttemptRow,
  type TaskSummaryRow,
} from "../tasks/store.ts";
import { type NamedRow, selectRouteNames, selectSourceName } from "./store.ts";

/** The kinds of things that are a link of a chain. */
export const tracedKinds = [
  "event",
  "task",
  "artifact",
  "message",
  "delivery",
  "attempt",
] as const satisfies readonly IdKind[];

/** A link of a chain, by its uuid. */
export interface TraceTarget {
  readonly kind: (typeof tracedKinds)[number];
  readonly id: string;
}

/** A delivery and what came of each try. */
export interface TracedDelivery {
  readonly delivery: DeliveryRow & { readonly url: string };
  readonly attempts: readonly AttemptExcerptRow[];
}

/** A message and where it went. */
export interface TracedMessage {
  readonly message: MessageRow;
  readonly deliveries: readonly TracedDelivery[];
}

/** A task, who worked on it, and what came out. */
export interface TracedTask {
  readonly task: TaskSummaryRow;
  readonly attempts: readonly TaskAttemptRow[];
  readonly artifacts: readonly ArtifactRow[];
  readonly messages: readonly TracedMessage[];
}

/** A chain from the event to what receivers answered, each level oldest first. */
export interface Trace {
  readonly source: NamedRow | undefined;
  /** Undefined where none caused the task, and where retention has taken it. */
  readonly event: StoredEvent | undefined;
  readonly routes: readonly NamedRow[];
  /** What each route that was asked made of the event. */
  readonly decisions: readonly StoredDecision[];
  readonly tasks: readonly TracedTask[];
  /** A message that no task said. */
  readonly messages: readonly TracedMessage[];
  /** There is more than is shown. */
  readonly truncated: boolean;
}

// Far above what an event leads to in practice; together they keep the answer below a few megabytes.
const maxTasks = 100;
const maxOfTasks = 1_000;
const maxDecisions = 200;
const maxDeliveries = 1_000;
const maxAttempts = 2_000;
const excerptBytes = 500;

/** Where a chain is taken up. */
interface Start {
  readonly eventId?: string | undefined;
  readonly tasks: readonly TaskSummaryRow[];
  /** Those that no task said. */
  readonly messages: readonly MessageRow[];
  readonly truncated: boolean;
}

const nowhere: Start = { tasks: [], messages: [], truncated: false };

async function startOf(ctx: Context, { kind, id }: TraceTarget): Promise<Start> {
  const {
    db,
    actor: { projectId },
  } = ctx;
  switch (kind) {
    case "event": {
      const tasks = await selectTasks(db, projectId, { eventId: id }, { limit: maxTasks });
      const shown = tasks.slice(0, maxTasks).toReversed();
      return { eventId: id, tasks: shown, messages: [], truncated: tasks.length > maxTasks };
    }
    case "task": {
      const tasks = await selectTasksById(db, projectId, [id]);
      return { ...nowhere, eventId: tasks[0]?.event?.id, tasks };
    }
    case "artifact": {
      const artifact = await selectArtifact(db, projectId, id);
      return artifact === undefined ? nowhere : await startOf(ctx, { kind: "task", id: artifact.task_id });
    }
    case "message": {
      const messages = await selectMessagesById(db, projectId, [id]);
      const taskId = messages[0]?.task_id ?? undefined;
      return taskId === undefined ? { ...nowhere, messages } : await startOf(ctx, { kind: "task", id: taskId });
    }
    case "delivery": {
      const delivery = await selectDelivery(db, { projectId }, id);
      return delivery === undefined ? nowhere : await startOf(ctx, { kind: "message", id: delivery.message_id });
    }
    case "attempt": {
      const deliveryId = await selectDeliveryIdOfAttempt(db, projectId, id);
      return deliveryId === undefined ? nowhere : await startOf(ctx, { kind: "delivery", id: deliveryId });
    }
  }
}

/** Rows up to a limit, of which one more was read to know whether there are. */
function cut<Row>(rows: readonly Row[], limit: number): { readonly rows: readonly Row[]; readonly truncated: boolean } {
  return { rows: rows.slice(0, limit), truncated: rows.length > limit };
}

async function traceMessages(
  ctx: Context,
  messages: readonly MessageRow[],
): Promise<{ readonly traced: readonly TracedMessage[]; readonly truncated: boolean }> {
  const ids = messages.map((message) => message.id);
  const found = await selectDeliveriesOf(ctx.db, ctx.actor.projectId, ids, maxDeliveries + 1);
  const deliveries = cut(found, maxDeliveries);
  const attempts = cut(await selectAttemptsOf(ctx.db, deliveries.rows, maxAttempts + 1, excerptBytes), maxAttempts);
  const attemptsOf = Map.groupBy(attempts.rows, (attempt) => attempt.delivery_id);
  const deliveriesOf = Map.groupBy(deliveries.rows, (delivery) => delivery.message_id);
  const traced = messages.map((message) => ({
    message,
    deliveries: (deliveriesOf.get(message.id) ?? []).map((delivery) => ({
      delivery,
      attempts: attemptsOf.get(delivery.id) ?? [],
    })),
  }));
  return { traced, truncated: deliveries.truncated || attempts.truncated };
}

async function traceTasks(
  ctx: Context,
  tasks: readonly TaskSummaryRow[],
): Promise<{ readonly traced: readonly TracedTask[]; readonly truncated: boolean }> {
  const { db, actor } = ctx;
  const ids = tasks.map((task) => task.id);
  const attempts = cut(await selectTaskAttempts(db, ids, maxOfTasks + 1), maxOfTasks);
  const artifacts = cut(await selectArtifactsOf(db, actor.projectId, ids, maxOfTasks + 1), maxOfTasks);
  const said = cut(await selectMessagesOf(db, actor.projectId, ids, maxOfTasks + 1), maxOfTasks);
  const messages = await traceMessages(ctx, said.rows);
  const attemptsOf = Map.groupBy(attempts.rows, (attempt) => attempt.task_id);
  const artifactsOf = Map.groupBy(artifacts.rows, (artifact) => artifact.task_id);
  const messagesOf = Map.groupBy(messages.traced, ({ message }) => message.task_id);
  const traced = tasks.map((task) => ({
    task,
    attempts: attemptsOf.get(task.id) ?? [],
    artifacts: artifactsOf.get(task.id) ?? [],
    messages: messagesOf.get(task.id) ?? [],
  }));
  return { traced, truncated: [attempts, artifacts, said, messages].some(({ truncated }) => truncated) };
}

// A task of another event may stand for this one: it was collected into it, or its key was taken.
async function tasksThatStand(
  { db, actor: { projectId } }: Context,
  caused: readonly TaskSummaryRow[],
  decisions: readonly StoredDecision[],
): Promise<TaskSummaryRow[]> {
  const known = new Set(caused.map((task) => task.id));
  const ids = new Set(decisions.flatMap(({ task_id: id }) => (id === null || known.has(id) ? [] : [id])));
  return await selectTasksById(db, projectId, [...ids].slice(0, maxTasks - caused.length));
}

/**
 * The chain that a thing belongs to: of an event all that it caused, and the tasks that stand for it; of anything further
 * down its task, with all that belongs to that, and the event above. Throws NotFoundError when the project has no such thing.
 */
export async function traceOf(ctx: Context, target: TraceTarget): Promise<Trace> {
  authorise(ctx.actor, "trace:read");
  const {
    db,
    actor: { projectId },
  } = ctx;
  const start = await startOf(ctx, target);
  const event = start.eventId === undefined ? undefined : await selectEvent(db, projectId, start.eventId);
  if (event === undefined && start.tasks.length === 0 && start.messages.length === 0)
    throw new NotFoundError(`There is no such ${target.kind} in this project`);
  const sourceId = event?.source_id ?? start.tasks[0]?.event?.sourceId;
  const decided = event === undefined ? [] : await selectDecisions(db, event.id, maxDecisions + 1);
  const decisions = cut(decided, maxDecisions);
  const standing = target.kind === "event" ? await tasksThatStand(ctx, start.tasks, decisions.rows) : [];
  const tasks = await traceTasks(
    ctx,
    [...standing, ...start.tasks].toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  );
  const messages = await traceMessages(ctx, start.messages);
  return {
    source: sourceId === undefined ? undefined : await selectSourceName(db, projectId, sourceId),
    event,
    routes: await selectRouteNames(db, projectId, [
      ...new Set(tasks.traced.flatMap(({ task }) => task.route_id ?? [])),
    ]),
    decisions: decisions.rows,
    tasks: tasks.traced,
    messages: messages.traced,
    truncated: [start, decisions, tasks, messages].some(({ truncated }) => truncated),
  };
}
