import type { AgentCache } from "../agents/agent-cache.ts";
import type { MessageInterest } from "../endpoints/message-interest.ts";
import { toWireId } from "../lib/ids.ts";
import { type Announcement, announce } from "../messages/announce.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import type { EventSummary } from "../platform/tables.ts";
import { presentEvent } from "./task.ts";
import { isTerminal, type TaskState } from "./task-state.ts";

/** What a task stage needs besides the hub's services. */
export interface TaskServices extends Services {
  readonly agents: AgentCache;
  readonly interest: MessageInterest;
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
  for (const task of tasks) {
    tx.afterCommit(() => services.metrics.tasks.inc({ state: task.state }));
    const wants = isTerminal(task.state) || (await services.interest.wants(tx, task.project_id, `task.${task.state}`));
    if (wants) wanted.push(task);
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
      agent: agents.get(task.agent_id)?.name,
      state: task.state,
      reason: task.reason ?? undefined,
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
    return { projectId: task.project_id, type: `task.${task.state}`, data, taskId: task.id };
  });
  await announce(tx, services, announcements);
}
