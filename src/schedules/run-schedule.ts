import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { announcingRefusal, requireBudget } from "../budgets/require-budget.ts";
import { ConflictError, InvalidError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { enqueueTasks } from "../tasks/enqueue-tasks.ts";
import { draftScheduledTask } from "./draft-scheduled-task.ts";
import { selectSchedule, updateScheduleRow } from "./store.ts";

/**
 * Makes a schedule's task now, switched on or not; its times stay as they are. Answers the id of the task. Throws
 * ConflictError `agent_gone` when its agent was deleted, `budget_exceeded` when that has used up its budget, InvalidError when its template makes no task.
 */
export async function runSchedule(ctx: Context & TaskServices, id: string): Promise<{ readonly taskId: string }> {
  authorise(ctx.actor, "tasks:create");
  const run = async (tx: Transaction): Promise<{ readonly taskId: string }> => {
    const schedule = await selectSchedule(tx, ctx.actor.projectId, id, "update");
    if (schedule === undefined) throw new NotFoundError("There is no such schedule in this project");
    const agent = await ctx.agents.get(tx, schedule.agent_id);
    if (agent === undefined) throw new ConflictError("agent_gone", "The agent of this schedule was deleted");
    const firedAt = new Date(ctx.clock.now());
    const outcome = draftScheduledTask({ schedule, agent, firedAt, taskId: ctx.newId() });
    if ("problem" in outcome)
      throw new InvalidError("The schedule makes no task", [{ path: "task", message: outcome.problem }]);
    const { draft } = outcome;
    await requireBudget(tx, ctx, { id: draft.id, projectId: draft.projectId, agentId: agent.id });
    await enqueueTasks(tx, ctx, [draft]);
    await updateScheduleRow(tx, id, { last_run_at: firedAt, last_task_id: draft.id, last_error: null });
    const taskId = toWireId("task", draft.id);
    await recordAudit(ctx, tx, { action: "schedule.run", target: toWireId("schedule", id), detail: { taskId } });
    return { taskId };
  };
  return await announcingRefusal(ctx, () => ctx.db.transaction(run));
}
