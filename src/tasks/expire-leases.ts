import type { TaskServices } from "./announce-tasks.ts";
import { hasAttemptsLeft, nextAttemptAt } from "./fail-task.ts";
import { requeueTasks } from "./requeue-tasks.ts";
import { closeTaskAttempts, settleTasks } from "./settle-tasks.ts";

interface LapsedRow {
  readonly id: string;
  readonly agent_id: string;
  readonly attempt: number;
  readonly attempts_charged: number;
  readonly max_attempts: number;
  readonly priority: number;
  readonly timed_out: boolean;
}

const maxBatch = 200;

// SKIP LOCKED: a worker that is settling its task right now wins, and two hubs sweep different rows.
const selectLapsed = {
  name: "select_lapsed_leases",
  text: `SELECT id, agent_id, attempt, attempts_charged, max_attempts, priority, deadline_at <= $1 AS timed_out
         FROM tasks WHERE state = 'working' AND lease_expires_at <= $1
         ORDER BY lease_expires_at LIMIT ${maxBatch} FOR UPDATE SKIP LOCKED`,
};

/**
 * Takes back tasks whose lease has lapsed, with reason `lease_expired`, or `timeout` past the attempt's deadline: they
 * wait for another attempt, or fail when none is left. Answers how many there were.
 */
export async function expireLeases(services: TaskServices): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const now = new Date(services.clock.now());
    const lapsed = await tx.query<LapsedRow>(selectLapsed, [now]);
    const reasonOf = (row: LapsedRow): string => (row.timed_out ? "timeout" : "lease_expired");
    await closeTaskAttempts(
      tx,
      lapsed.map((row) => ({ taskId: row.id, attempt: row.attempt, outcome: reasonOf(row) })),
      now,
    );
    await requeueTasks(
      tx,
      services,
      lapsed.filter(hasAttemptsLeft).map((row) => ({
        taskId: row.id,
        agentId: row.agent_id,
        priority: row.priority,
        attemptsCharged: row.attempts_charged,
        reason: reasonOf(row),
        startAfter: nextAttemptAt(services, row.attempts_charged),
      })),
    );
    await settleTasks(
      tx,
      services,
      lapsed
        .filter((row) => !hasAttemptsLeft(row))
        .map((row) => ({ taskId: row.id, to: "failed" as const, reason: reasonOf(row) })),
    );
    return lapsed.length;
  });
}
