import { chargeUsage } from "../budgets/charge-usage.ts";
import { isOverBudget } from "../budgets/is-over-budget.ts";
import { allDone } from "../lib/all-done.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { type Claim, isHeld, lockClaimedTask } from "./held-task.ts";
import { storeTaskEvents, type TaskEvent } from "./record-task-events.ts";
import { leaseLost } from "./worker-refusals.ts";

/** What a worker may say with a heartbeat. */
export interface Heartbeat {
  readonly progress?: unknown;
  readonly usage?: unknown;
  /** What has happened, to be kept in the same commit. */
  readonly events?: readonly TaskEvent[];
}

/** What a worker hears: how long its lease runs now, and whether to go on. */
export interface HeartbeatAnswer {
  readonly leaseExpiresAt: Date;
  readonly signal: "continue" | "cancel" | "budget_exceeded";
}

const extendLease = {
  name: "extend_lease",
  text: `UPDATE tasks SET lease_expires_at = $2, progress = coalesce($3, progress), usage = coalesce($4, usage),
                          updated_at = $5
         WHERE id = $1`,
};

/**
 * Extends the lease of a running attempt, never past its deadline. The holder of a task that was canceled meanwhile hears
 * `cancel` (its lease extends no more); any other lost lease is ConflictError `lease_lost`. What the attempt has cost is
 * charged to its budgets, and when one of them is used up the holder hears `budget_exceeded`.
 */
export async function heartbeatTask(
  services: TaskServices,
  claim: Claim,
  heartbeat: Heartbeat,
): Promise<HeartbeatAnswer> {
  return await services.db.transaction(async (tx) => {
    const nowMs = services.clock.now();
    const task = await lockClaimedTask(tx, services, claim);
    if (task.state === "canceled") return { leaseExpiresAt: new Date(nowMs), signal: "cancel" };
    if (!isHeld(task, nowMs)) throw leaseLost();
    const expiresMs = Math.min(nowMs + task.lease_seconds * 1000, task.deadline_at.getTime());
    const leaseExpiresAt = new Date(expiresMs);
    const { progress, usage, events = [] } = heartbeat;
    const extended = tx.query(extendLease, [
      task.id,
      leaseExpiresAt,
      progress === undefined ? null : JSON.stringify(progress),
      usage === undefined ? null : JSON.stringify(usage),
      new Date(nowMs),
    ]);
    await allDone(events.length === 0 ? [extended] : [extended, storeTaskEvents(tx, services, task, events)]);
    const { id: taskId, project_id: projectId, agent_id: agentId, attempt } = task;
    const scopes = await chargeUsage(tx, services, [{ taskId, projectId, agentId, attempt, usage, hasEnded: false }]);
    const isOver = await isOverBudget(tx, services, scopes.get(taskId) ?? []);
    return { leaseExpiresAt, signal: isOver ? "budget_exceeded" : "continue" };
  });
}
