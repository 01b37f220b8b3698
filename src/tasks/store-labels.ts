import type { Transaction } from "../platform/database.ts";
import type { TaskDraft } from "./enqueue-tasks.ts";

const insertLabels = {
  name: "insert_task_labels",
  text: `INSERT INTO task_labels (project_id, label, task_id) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[])`,
};

/** Writes down by which labels these tasks are found. Nothing where none has any. */
export async function storeLabels(tx: Transaction, drafts: readonly TaskDraft[]): Promise<void> {
  const rows = drafts.flatMap(({ id, projectId, labels = [] }) => labels.map((label) => ({ id, projectId, label })));
  if (rows.length === 0) return;
  await tx.query(insertLabels, [
    rows.map((row) => row.projectId),
    rows.map((row) => row.label),
    rows.map((row) => row.id),
  ]);
}
