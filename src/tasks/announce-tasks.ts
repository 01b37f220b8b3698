import type { AgentCache } from "../agents/agent-cache.ts";
import type { AgentOutcomes } from "../agents/agent-outcomes.ts";
import type { WorkerPresence } from "../agents/worker-presence.ts";
import type { BudgetCache } from "../budgets/budget-cache.ts";
import type { MessageInterest } from "../endpoints/message-interest.ts";
import { toWireId } from "../lib/ids.ts";
import { type Announcement, announce } from "../messages/announce.ts";
import { queueOwnMessages } from "../messages/queue-own-messages.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import type { EventSummary, TaskOrigin } from "../platform/tables.ts";
import type { InputRequest } from "./input-request.ts";
import { presentEvent } from "./task.ts";
import { isTerminal, type TaskState } from "./task-state.ts";

/** What a task stage needs besides the hub's services. */
export interface TaskServices extends Services {
  readonly agents: AgentCache;
  readonly interest: MessageInterest;
  readonly budgets: BudgetCache;
  readonly outcomes: AgentOutcomes;
  readonly presence: WorkerPresence;
  readonly routes: RouteCache;
}

/** A task as it has just become. */
export interface ChangedTask {
  readonly id: string;
  readonly project_id: string;
  readonly agent_id: string;
  readonly state: TaskState;
  readonly reason: string | null;
  readonly attempt: number;
  readonly event: EventSummary | null;
  readonly result: unknown;
  readonly error: unknown;
  readonly usage: unknown;
  /** What led to it, where a task did. */
  readonly origin: TaskOrigin | null;
  /** What it waits for a person to say. */
  readonly request?: InputRequest | null;
  /** The one subscriber that hears of it. */
  readonly subscriber_id: string | null;
}

interface ArtifactRow {
  readonly id: string;
  readonly task_id: string;
  readonly name: string;
  readonly content_type: string;
  readonly size: number;
  readonly sha256: Buffer;
}

const selectArtifacts = {
  name: "artifacts_of_tasks",
  text: `SELECT id, task_id, name, content_type, size, sha256 FROM artifacts WHERE task_id = ANY ($1) ORDER BY id`,
};

// An attempt that ended badly sends its task back to wait, for one of these reasons, or fails it.
const badEnds: ReadonlySet<string | null> = new Set(["retry", "timeout", "lease_expired"]);

function noteOutcome({ outcomes }: TaskServices, { agent_id, state, reason }: ChangedTask): void {
  const hasFailed = state === "failed" || (state === "submitted" && badEnds.has(reason));
  if (hasFailed || state === "completed") outcomes.note(agent_id, !hasFailed);
}

function presentRequestOf({ state, request }: ChangedTask): object | undefined {
  if (state !== "input_required" || request === undefined || request === null) return undefined;
  const { kind, prompt, schema } = request;
  return { kind, prompt, schema };
}

/**
 * Says `task.<state>` of each task, in the transaction that moved it. An end is always kept as a message; a state on the
 * way there only when an endpoint asks for it.
 */
export async function announceTasks(
  tx: Transaction,
  services: TaskServices,
  tasks: readonly ChangedTask[],
): Promise<void> {
  const wanted: ChangedTask[] = [];
  const routed = new Set<ChangedTask>();
  for (const task of tasks) {
    tx.afterCommit(() => {
      services.metrics.tasks.inc({ state: task.state });
      noteOutcome(services, task);
    });
    const type = `task.${task.state}`;
    const isRouted = (await services.routes.get(tx, task.project_id))?.wantsOwn(type) ?? false;
    if (isRouted) routed.add(task);
    if (isRouted || isTerminal(task.state) || (await services.interest.wants(tx, task.project_id, type)))
      wanted.push(task);
  }
  if (wanted.length === 0) return;
  const agents = await services.agents.getMany(
    tx,
    wanted.map((task) => task.agent_id),
  );
  const artifacts = Map.groupBy(
    await tx.query<ArtifactRow>(selectArtifacts, [wanted.map((task) => task.id)]),
    (artifact) => artifact.task_id,
  );
  const announcements = wanted.map((task): Announcement => {
    const summary = {
      id: toWireId("task", task.id),
      // Here, where whoever delivers it looks for it.
      origin: task.origin === null ? undefined : { depth: task.origin.depth, chain: task.origin.chain },
      agent: agents.get(task.agent_id)?.name,
      state: task.state,
      reason: task.reason ?? undefined,
      request: presentRequestOf(task),
      result: task.result ?? undefined,
      error: task.error ?? undefined,
      artifacts: (artifacts.get(task.id) ?? []).map(({ id, name, content_type, size, sha256 }) => ({
        id: toWireId("artifact", id),
        name,
        contentType: content_type,
        size,
        sha256: sha256.toString("hex"),
      })),
      usage: task.usage ?? {},
      attempts: task.attempt,
    };
    const event = task.event === null ? {} : { event: presentEvent(task.event) };
    const data = { task: summary, ...event };
    const receiver = task.subscriber_id === null ? {} : { subscriberId: task.subscriber_id };
    return { projectId: task.project_id, type: `task.${task.state}`, data, taskId: task.id, ...receiver };
  });
  const ids = await announce(tx, services, announcements);
  const own = wanted.flatMap((task, index) => (routed.has(task) ? (ids[index] ?? []) : []));
  await queueOwnMessages(tx, services, own);
}
