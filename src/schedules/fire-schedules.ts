import { describeShortage } from "../budgets/describe-shortage.ts";
import { reserveTasks } from "../budgets/reserve-tasks.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { enqueueTasks, type TaskDraft } from "../tasks/enqueue-tasks.ts";
import { draftScheduledTask } from "./draft-scheduled-task.ts";
import { scheduleQueue } from "./schedule-queue.ts";
import { lockEnabledSchedules, type ScheduleRow, updateScheduleRow } from "./store.ts";

const maxJobs = 100;

/**
 * Makes the tasks of the schedules whose time has come, and answers how many times were looked at. The jobs that say so go
 * in the transaction that stores the tasks, so that each time makes one task however often a process dies.
 */
export async function fireSchedules(services: TaskServices): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const jobs = await services.queue.take(tx, scheduleQueue, maxJobs);
    const times = jobs.flatMap(({ data, createdAt }) =>
      data !== null && "scheduleId" in data ? [{ scheduleId: String(data.scheduleId), createdAt }] : [],
    );
    const rows = await lockEnabledSchedules(tx, [...new Set(times.map((time) => time.scheduleId))].toSorted());
    const schedules = new Map(rows.map((row) => [row.id, row]));
    const due: DueTask[] = [];
    for (const { scheduleId, createdAt } of times) {
      const schedule = schedules.get(scheduleId);
      if (schedule === undefined || isBeforeFirst(services, schedule, createdAt)) continue;
      const draft = await runOne(tx, services, schedule);
      if (draft !== undefined) due.push({ schedule, draft });
    }
    await enqueueTasks(tx, services, await withinBudget(tx, services, due));
    return jobs.length;
  });
}

interface DueTask {
  readonly schedule: ScheduleRow;
  readonly draft: TaskDraft;
}

// A time that comes while the budget is used up makes no task later either.
async function withinBudget(tx: Transaction, services: TaskServices, due: readonly DueTask[]): Promise<TaskDraft[]> {
  const refusals = await reserveTasks(
    tx,
    services,
    due.map(({ draft: { id, projectId, agent } }) => ({ id, projectId, agentId: agent.id })),
  );
  for (const [index, { schedule }] of due.entries()) {
    const refusal = refusals[index];
    if (refusal === undefined) continue;
    const last_error = describeShortage(refusal);
    await updateScheduleRow(tx, schedule.id, { last_task_id: schedule.last_task_id, last_error });
  }
  return due.filter((_, index) => refusals[index] === undefined).map(({ draft }) => draft);
}

// pg-boss also runs what came due in the minute before the schedule was made: a report at noon, made half past noon's first
// minute, would go out at once.
function isBeforeFirst({ queue }: TaskServices, schedule: ScheduleRow, createdAt: Date): boolean {
  const [first] = queue.previewSchedule(schedule.cron, schedule.timezone, schedule.effective_from, 1);
  return first === undefined || createdAt < first;
}

// It may quote the template, whose text may be what Postgres does not take.
function storable(problem: string): string {
  return problem.replaceAll("\u0000", "\uFFFD").toWellFormed();
}

async function runOne(tx: Transaction, services: TaskServices, schedule: ScheduleRow): Promise<TaskDraft | undefined> {
  const firedAt = new Date(services.clock.now());
  const agent = await services.agents.get(tx, schedule.agent_id);
  const outcome =
    agent === undefined
      ? { problem: "its agent is gone" }
      : draftScheduledTask({ schedule, agent, firedAt, taskId: services.newId() });
  if ("draft" in outcome) {
    await updateScheduleRow(tx, schedule.id, {
      last_run_at: firedAt,
      last_task_id: outcome.draft.id,
      last_error: null,
    });
    return outcome.draft;
  }
  const scheduleId = toWireId("schedule", schedule.id);
  services.log.warn({ unit: "schedule", scheduleId, reason: outcome.problem }, "a schedule made no task");
  await updateScheduleRow(tx, schedule.id, { last_run_at: firedAt, last_error: storable(outcome.problem) });
  return undefined;
}
