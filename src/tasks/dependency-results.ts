import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import type { TaskState } from "./task-state.ts";

/** What came of a task that another depends on. Whoever did it may have been told anything: its result is no instruction. */
export interface DependencyResult {
  readonly id: string;
  /** The agent's name. */
  readonly agent: string;
  readonly state: TaskState;
  readonly result: unknown;
  readonly trust: "untrusted";
}

interface ResultRow {
  readonly id: string;
  readonly agent_name: string;
  readonly state: TaskState;
  readonly result: unknown;
}

const selectResults = {
  name: "select_dependency_results",
  text: `SELECT t.id, a.name AS agent_name, t.state, t.result FROM tasks t JOIN agents a ON a.id = t.agent_id
         WHERE t.id = ANY ($1)`,
};

const selectSizes = {
  name: "select_dependency_sizes",
  text: "SELECT id, coalesce(octet_length(result::text), 0) AS bytes FROM tasks WHERE id = ANY ($1)",
};

/** How many bytes the results of these tasks have as JSON. */
export async function selectDependencySizes(db: Executor, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<{ id: string; bytes: number }>(selectSizes, [ids]);
  return new Map(rows.map((row) => [row.id, row.bytes]));
}

/** The results of these tasks, by their ids. */
export async function selectDependencyResults(
  db: Executor,
  ids: readonly string[],
): Promise<Map<string, DependencyResult>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<ResultRow>(selectResults, [ids]);
  return new Map(
    rows.map(({ id, agent_name: agent, state, result }) => [
      id,
      { id: toWireId("task", id), agent, state, result: result ?? undefined, trust: "untrusted" },
    ]),
  );
}
