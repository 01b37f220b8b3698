import type { AgentRecord } from "../agents/agent-cache.ts";
import { toWireId } from "../lib/ids.ts";
import type { EventDocument } from "../routing/event-document.ts";
import { compileTaskTemplate } from "../routing/task-template.ts";
import type { TaskDraft } from "../tasks/enqueue-tasks.ts";
import type { ScheduleRow } from "./store.ts";

/** One time of a schedule that has come. */
export interface Occurrence {
  readonly schedule: ScheduleRow;
  readonly agent: AgentRecord;
  readonly firedAt: Date;
  /** The id of the task to be. */
  readonly taskId: string;
}

function documentOf({ schedule, firedAt, taskId }: Occurrence): EventDocument {
  const id = toWireId("schedule", schedule.id);
  const at = firedAt.toISOString();
  const { name } = schedule;
  const body = { schedule: { id, name }, firedAt: at };
  return {
    id,
    type: "schedule.fired",
    provider: "hookyard",
    source: { id, name },
    deliveryId: toWireId("task", taskId),
    receivedAt: at,
    headers: {},
    body,
  };
}

/** The task of one run, or why its template makes none of it. */
export function draftScheduledTask(
  occurrence: Occurrence,
): { readonly draft: TaskDraft } | { readonly problem: string } {
  const { schedule, agent, taskId } = occurrence;
  const template = compileTaskTemplate(schedule.task);
  const first = template.ok ? undefined : template.errors[0];
  if (!template.ok) return { problem: first === undefined ? "the task does not compile" : describe(first) };
  const task = template.render(documentOf(occurrence));
  if (!task.ok) return { problem: describe(task.error) };
  const { ok: _, ...rendered } = task;
  return { draft: { id: taskId, projectId: schedule.project_id, agent, ...rendered } };
}

function describe({ path, message }: { readonly path: string; readonly message: string }): string {
  return `${path} ${message}`;
}
