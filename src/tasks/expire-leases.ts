import type { TaskServices } from "./announce-tasks.ts";
import { hasAttemptsLeft, nextAttemptAt } from "./next-attempt.ts";
import { requeueTasks } from "./requeue-tasks.ts";
import { settleTasks } from "./settle-tasks.ts";

interface LapsedRow {
  readonly id: string;
  readonly attempts_charged: number;
  readonly max_attempts: number;
  readonly timed_out: boolean;
}

const maxBatch = 200;

// SKIP LOCKED: a worker that is settling its task right now wins, and two hubs sweep different rows.
const selectLapsed = {
  name: "select_lapsed_leases",
  text: `SELECT id, attempts_charged, max_attempts, deadline_at <= $1 AS timed_out
         FROM tasks WHERE state = 'working' AND lease_expires_at <= $1
         ORDER BY lease_expires_at LIMIT ${maxBatch} FOR UPDATE SKIP LOCKED`,
};

/**
 * Takes back tasks whose lease has lapsed, with reason `lease_expired`, or `timeout` past the attempt's deadline: they
 * wait for another attempt, or fail when none is left. Answers how many there were.
 */
export async function expireLeases(services: TaskServices): Promise<number> {
  const { lapsed, failed } = await services.db.transaction(async (tx) => {
    const rows = await tx.query<LapsedRow>(selectLapsed, [new Date(services.clock.now())]);
    const reasonOf = (row: LapsedRow): string => (row.timed_out ? "timeout" : "lease_expired");
    const again = rows.filter(hasAttemptsLeft).map((row) => ({
      taskId: row.id,
      attemptsCharged: row.attempts_charged,
      reason: reasonOf(row),
      startAfter: nextAttemptAt(services, row.attempts_charged),
      ended: { outcome: reasonOf(row) },
    }));
    await requeueTasks(tx, services, again);
    const spent = rows
      .filter((row) => !hasAttemptsLeft(row))
      .map((row) => ({ taskId: row.id, to: "failed" as const, reason: reasonOf(row), outcome: reasonOf(row) }));
    await settleTasks(tx, services, spent);
    return { lapsed: rows.length, failed: spent.length };
  });
  if (lapsed > 0) services.log.info({ unit: "lease sweep", lapsed, failed }, "took back tasks whose lease lapsed");
  return lapsed;
}
