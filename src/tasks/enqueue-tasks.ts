import type { AgentRecord } from "../agents/agent-cache.ts";
import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { CoalescedEvents, EventSummary, TaskOrigin } from "../platform/tables.ts";
import { admitDrafts } from "./admit-drafts.ts";
import { advanceLines } from "./advance-lines.ts";
import { askForFollowUps } from "./ask-for-follow-ups.ts";
import { announceTasks, type ChangedTask, type TaskServices } from "./announce-tasks.ts";
import { awaitDependencies, lockDependencies } from "./await-dependencies.ts";
import { enterLines, supersede } from "./key-lines.ts";
import type { Approval } from "./input-request.ts";
import { insertTasks } from "./insert-tasks.ts";
import { storeLabels } from "./store-labels.ts";
import { queueTasks } from "./queue-tasks.ts";
import { placesOfDrafts } from "./places-of-drafts.ts";
import type { TaskKeys } from "./task-keys.ts";

/** A task to be. */
export interface TaskDraft {
  readonly id: string;
  readonly projectId: string;
  readonly agent: AgentRecord;
  readonly routeId?: string;
  readonly event?: EventSummary;
  /** The rendered instruction. */
  readonly input: string;
  readonly parameters?: unknown;
  /** Higher goes first. */
  readonly priority: number;
  /** Not before this moment. */
  readonly startAfter?: Date;
  readonly keys?: TaskKeys;
  /** See `sessionIdOf`. */
  readonly sessionId?: string;
  /** What led to it, where a task did. */
  readonly origin?: TaskOrigin;
  /** The events that it stands for, where there are several. */
  readonly coalesced?: CoalescedEvents;
  /** The one subscriber that its messages are for. */
  readonly subscriberId?: string;
  /** Tasks of the project that have to complete before it. */
  readonly dependsOn?: readonly string[];
  /** Its result needs a person's yes. */
  readonly approval?: Approval;
  readonly labels?: readonly string[];
}

/** What became of a draft. */
export type EnqueueOutcome =
  /** It is a task, ready or waiting. */
  | { readonly outcome: "stored" }
  /** This task has its dedupe key. */
  | { readonly outcome: "deduplicated"; readonly taskId: string }
  /** Its concurrency key had no room. */
  | { readonly outcome: "dropped" };

/**
 * Stores tasks in the caller's transaction, those that need not wait with their jobs, and wakes the workers of their agents
 * after it. Answers in the order given. Locks the tasks that are depended on, then the scopes of keys; whatever else the
 * caller locks, it locks before (docs/decisions, 16).
 */
export async function enqueueTasks(
  tx: Transaction,
  services: TaskServices,
  drafts: readonly TaskDraft[],
): Promise<readonly EnqueueOutcome[]> {
  if (drafts.length === 0) return [];
  const now = new Date(services.clock.now());
  const dependencies = await lockDependencies(tx, drafts);
  const outcomes = await admitDrafts(tx, drafts, now);
  const stored = drafts.filter((_, index) => outcomes[index]?.outcome === "stored");
  if (stored.length === 0) return outcomes;

  const lines = placesOfDrafts(stored, now);
  const inLine = new Set(lines.places.filter(({ kind }) => kind !== "dedupe").map(({ taskId }) => taskId));
  const isHeldUp = ({ id, startAfter }: TaskDraft): boolean =>
    startAfter !== undefined || inLine.has(id) || dependencies.waiting.has(id);
  const due = stored.filter((draft) => !isHeldUp(draft));
  // Together, in this order, on one trip: each trip costs a turn of a busy event loop (2 to 4 ms under load).
  await allDone([
    insertTasks(tx, stored, now),
    storeLabels(tx, stored),
    awaitDependencies(tx, dependencies),
    enterLines(tx, lines.places),
    queueTasks(
      tx,
      services,
      due.map((draft) => ({ id: draft.id, agentId: draft.agent.id, priority: draft.priority })),
    ),
  ]);
  const superseded = await supersede(tx, lines.bounded);
  if (superseded > 0 || dependencies.areFailed) await askForFollowUps(tx, services);
  // Those that depend on others may find these completed.
  const taskIds = stored.filter((draft) => draft.dependsOn !== undefined).map((draft) => draft.id);
  await advanceLines(tx, services, { ...lines, taskIds });
  await announceTasks(tx, services, stored.map(submittedTask));
  return outcomes;
}

function submittedTask(draft: TaskDraft): ChangedTask {
  return {
    id: draft.id,
    project_id: draft.projectId,
    agent_id: draft.agent.id,
    state: "submitted",
    reason: null,
    attempt: 0,
    event: draft.event ?? null,
    result: null,
    error: null,
    usage: null,
    past_usages: null,
    origin: draft.origin ?? null,
    subscriber_id: draft.subscriberId ?? null,
  };
}
