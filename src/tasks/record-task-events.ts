import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { type Claim, type HeldTask, lockHeldTask } from "./held-task.ts";

/** Something a worker reports while it works. */
export interface TaskEvent {
  /** Counts up within an attempt; a repeated one is ignored. */
  readonly seq: number;
  readonly type: string;
  readonly data?: unknown;
}

const insertTaskEvents = {
  name: "insert_task_events",
  text: `INSERT INTO task_events (task_id, attempt, seq, type, data, created_at)
         SELECT $1, $2, i.seq, i.type, i.data, $6 FROM unnest($3::bigint[], $4::text[], $5::json[]) AS i (seq, type, data)
         ON CONFLICT DO NOTHING
         RETURNING seq`,
};

/** Keeps what the holder of a locked task reports. Answers how many were new. */
export async function storeTaskEvents(
  tx: Transaction,
  services: TaskServices,
  task: Pick<HeldTask, "id" | "attempt">,
  events: readonly TaskEvent[],
): Promise<number> {
  const rows = await tx.query(insertTaskEvents, [
    task.id,
    task.attempt,
    events.map((event) => event.seq),
    events.map((event) => event.type),
    events.map((event) => (event.data === undefined ? null : JSON.stringify(event.data))),
    new Date(services.clock.now()),
  ]);
  return rows.length;
}

/** Keeps what a worker reports. Answers how many were new. Throws ConflictError `lease_lost` when the lease is gone. */
export async function recordTaskEvents(
  services: TaskServices,
  claim: Claim,
  events: readonly TaskEvent[],
): Promise<{ readonly recorded: number }> {
  return await services.db.transaction(async (tx) => {
    const task = await lockHeldTask(tx, services, claim);
    return { recorded: await storeTaskEvents(tx, services, task, events) };
  });
}
