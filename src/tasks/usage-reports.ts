import type { UsageReport } from "../budgets/charge-usage.ts";
import type { ChangedTask } from "./announce-tasks.ts";

/** What budgets are told of tasks that have just moved: what they have cost so far, and whether that is all. */
export function usageReports(tasks: readonly ChangedTask[], hasEnded: boolean): UsageReport[] {
  return tasks.map(({ id, project_id, agent_id, attempt, usage }) => ({
    taskId: id,
    projectId: project_id,
    agentId: agent_id,
    attempt,
    usage,
    hasEnded,
  }));
}
