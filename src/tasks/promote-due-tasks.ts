import type { Transaction } from "../platform/database.ts";
import { advanceLines } from "./advance-lines.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { lockScopes } from "./lock-scopes.ts";
import { hashOfKey, scopesOfKeys, type TaskKeys } from "./task-keys.ts";
import { queueTasks } from "./queue-tasks.ts";

interface DueRow {
  readonly id: string;
  readonly agent_id: string;
  readonly priority: number;
  readonly keys: TaskKeys | null;
  readonly depends_on: readonly string[] | null;
}

const maxBatch = 500;

const takeDue = {
  name: "take_due_tasks",
  text: `UPDATE tasks SET start_after = NULL
         WHERE id IN (SELECT id FROM tasks WHERE start_after <= $1 ORDER BY start_after LIMIT ${maxBatch}
                      FOR UPDATE SKIP LOCKED)
         RETURNING id, agent_id, priority, keys, depends_on`,
};

/** Lets tasks go on whose time has come, as far as what else they wait for lets them. */
async function admitDue(tx: Transaction, services: TaskServices, tasks: readonly DueRow[]): Promise<void> {
  if (tasks.length === 0) return;
  await lockScopes(
    tx,
    tasks.flatMap((row) => [...scopesOfKeys(row.keys), ...(row.depends_on === null ? [] : [row.agent_id])]),
  );
  const orders = tasks.flatMap(({ keys }) => (keys?.order === undefined ? [] : [hashOfKey("order", keys.order)]));
  await advanceLines(tx, services, { orders, taskIds: tasks.map((row) => row.id) });
}

/**
 * Gives a job to each task whose time has come, unless it waits for other tasks as well. Answers how many it looked at; call
 * again while it is a full batch.
 */
export async function promoteDueTasks(services: TaskServices): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const due = await tx.query<DueRow>(takeDue, [new Date(services.clock.now())]);
    const mayWait = (row: DueRow): boolean => row.keys !== null || row.depends_on !== null;
    const free = due.filter((row) => !mayWait(row));
    await admitDue(tx, services, due.filter(mayWait));
    await queueTasks(
      tx,
      services,
      free.map((row) => ({ id: row.id, agentId: row.agent_id, priority: row.priority })),
    );
    return due.length;
  });
}
