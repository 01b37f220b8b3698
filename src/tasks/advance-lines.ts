import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { askForPlaces, openPlaces, openTurns } from "./key-lines.ts";
import { queueTasks } from "./queue-tasks.ts";

/** Where something has changed. The locks of all scopes concerned are held. */
export interface LineChange {
  /** Order lines whose turn may have come free. */
  readonly orders?: readonly Buffer[];
  /** Concurrency lines in which a place may have come free. */
  readonly concurrencies?: readonly Buffer[];
  /** Tasks whose time has come, or whose dependencies have completed. */
  readonly taskIds?: readonly string[];
}

interface ReadyRow {
  readonly id: string;
  readonly agent_id: string;
  readonly priority: number;
}

// The one place that says when a task that waited may be leased: when nothing is left that it waits for.
const selectReady = {
  name: "select_ready_tasks",
  text: `SELECT t.id, t.agent_id, t.priority FROM tasks t
         WHERE t.id = ANY ($1) AND t.state = 'submitted' AND t.start_after IS NULL
           AND NOT EXISTS (SELECT FROM task_dependencies d WHERE d.task_id = t.id)
           AND NOT EXISTS (SELECT FROM task_keys k WHERE k.task_id = t.id AND k.standing IN ('away', 'waiting'))
         ORDER BY t.id`,
};

function unique(hashes: readonly Buffer[]): Buffer[] {
  return [...new Map(hashes.map((hash) => [hash.toString("hex"), hash])).values()];
}

/** Lets those who waited go as far as they can, and gives a job to each that waits for nothing more. */
export async function advanceLines(tx: Transaction, services: Services, change: LineChange): Promise<void> {
  const { orders = [], concurrencies = [], taskIds = [] } = change;
  const turns = await openTurns(tx, unique(orders));
  const asked = await askForPlaces(tx, [...taskIds, ...turns]);
  const placed = await openPlaces(tx, unique([...concurrencies, ...asked]));
  const moved = new Set([...taskIds, ...turns, ...placed]);
  if (moved.size === 0) return;
  const ready = await tx.query<ReadyRow>(selectReady, [[...moved]]);
  await queueTasks(
    tx,
    services,
    ready.map((row) => ({ id: row.id, agentId: row.agent_id, priority: row.priority })),
  );
}
