import type { AgentCache } from "../agents/agent-cache.ts";
import type { AgentOutcomes } from "../agents/agent-outcomes.ts";
import type { WorkerPresence } from "../agents/worker-presence.ts";
import type { BudgetCache } from "../budgets/budget-cache.ts";
import type { MessageInterest } from "../endpoints/message-interest.ts";
import { toWireId } from "../lib/ids.ts";
import { type Announcement, announce } from "../messages/announce.ts";
import { queueOwnMessages } from "../messages/queue-own-messages.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import type { EventSummary, TaskOrigin } from "../platform/tables.ts";
import { selectAnnouncedArtifacts } from "./announced-artifacts.ts";
import type { InputRequest } from "./input-request.ts";
import { reportInResult } from "./report-of-task.ts";
import { presentEvent } from "./task.ts";
import { isTerminal, type TaskState } from "./task-state.ts";
import { usageOfTask } from "./total-usage.ts";

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
  /** Of its last attempt. */
  readonly usage: unknown;
  /** Of those before. */
  readonly past_usages: readonly unknown[] | null;
  /** What led to it, where a task did. */
  readonly origin: TaskOrigin | null;
  /** What it waits for a person to say. */
  readonly request?: InputRequest | null;
  /** The one subscriber that hears of it. */
  readonly subscriber_id: string | null;
}

// An attempt that its agent brought to a bad end fails its task, or sends it back to wait, for one of these reasons. What a
// task failed for before anyone worked on it says nothing of the agent.
const badEnds: ReadonlySet<string | null> = new Set([
  "retry",
  "timeout",
  "lease_expired",
  "agent_error",
  "attempts_exhausted",
]);

function noteOutcome({ outcomes }: TaskServices, { agent_id, state, reason }: ChangedTask): void {
  const hasFailed = (state === "failed" || state === "submitted") && badEnds.has(reason);
  if (hasFailed || state === "completed") outcomes.note(agent_id, !hasFailed);
}

function presentRequestOf({ state, request }: ChangedTask): object | undefined {
  if (state !== "input_required" || request === undefined || request === null) return undefined;
  const { kind, prompt, schema } = request;
  return { kind, prompt, schema };
}

/** Who wants to hear of a project's tasks that they are in this state: a route, an endpoint. From memory. */
export async function whoWants(
  db: Executor,
  services: Pick<TaskServices, "routes" | "interest">,
  projectId: string,
  state: TaskState,
): Promise<{ readonly route: boolean; readonly endpoint: boolean }> {
  const type = `task.${state}`;
  const route = (await services.routes.get(db, projectId))?.wantsOwn(type) ?? false;
  return { route, endpoint: await services.interest.wants(db, projectId, type) };
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
  // A batch is mostly of one project and one state: each is asked about once.
  for (const alike of Map.groupBy(tasks, (task) => `${task.project_id} ${task.state}`).values()) {
    const [{ project_id: projectId, state }] = alike as [ChangedTask];
    const wants = await whoWants(tx, services, projectId, state);
    tx.afterCommit(() => {
      services.metrics.tasks.inc({ state }, alike.length);
      for (const task of alike) noteOutcome(services, task);
    });
    if (wants.route) for (const task of alike) routed.add(task);
    if (wants.route || wants.endpoint || isTerminal(state)) wanted.push(...alike);
  }
  if (wanted.length === 0) return;
  const agents = await services.agents.getMany(
    tx,
    wanted.map((task) => task.agent_id),
  );
  const outputs = await selectAnnouncedArtifacts(
    tx,
    wanted.map((task) => task.id),
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
      // A result that waits for approval has no report yet.
      report: task.state === "completed" ? (reportInResult(task.result) ?? outputs.get(task.id)?.report) : undefined,
      artifacts: outputs.get(task.id)?.artifacts ?? [],
      usage: usageOfTask(task),
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
