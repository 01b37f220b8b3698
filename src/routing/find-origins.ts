import { fromWireId } from "../lib/ids.ts";
import type { OriginMark } from "../lib/origin-marker.ts";
import type { Executor } from "../platform/database.ts";
import type { TaskOrigin } from "../platform/tables.ts";

const maxChain = 20;

const selectOrigins = {
  name: "select_task_origins",
  text: `SELECT id, origin FROM tasks WHERE id = ANY ($1) AND origin IS NOT NULL`,
};

/** What a task that comes of each of these marks has behind it: the tasks that led to it, oldest first, the last twenty. */
export async function findOrigins(db: Executor, marks: readonly OriginMark[]): Promise<Map<OriginMark, TaskOrigin>> {
  if (marks.length === 0) return new Map();
  const ids = new Map(marks.map((mark) => [mark, fromWireId("task", mark.taskId)]));
  const rows = await db.query<{ id: string; origin: TaskOrigin }>(selectOrigins, [
    [...ids.values()].filter((id) => id !== undefined),
  ]);
  const origins = new Map(rows.map((row) => [row.id, row.origin]));
  return new Map(
    marks.map((mark) => {
      const before = origins.get(ids.get(mark) ?? "")?.chain ?? [];
      return [mark, { chain: [...before, mark.taskId].slice(-maxChain), depth: mark.depth + 1 }];
    }),
  );
}
