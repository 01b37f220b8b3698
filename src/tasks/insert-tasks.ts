import type { Transaction } from "../platform/database.ts";
import type { TaskDraft } from "./enqueue-tasks.ts";

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

// As Postgres writes an array of texts.
function arrayOf(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

interface Column {
  readonly name: string;
  /** Of the value that is sent. */
  readonly type: string;
  readonly cast?: string;
  readonly of: (draft: TaskDraft) => unknown;
}

// json, not jsonb: rendered text may hold \\u0000 or a lone surrogate. The moment a task waits for stands in the row.
const plainColumns: readonly Column[] = [
  { name: "id", type: "uuid", of: (draft) => draft.id },
  { name: "project_id", type: "uuid", of: (draft) => draft.projectId },
  { name: "agent_id", type: "uuid", of: (draft) => draft.agent.id },
  { name: "route_id", type: "uuid", of: (draft) => draft.routeId ?? null },
  { name: "event_id", type: "uuid", of: (draft) => draft.event?.id ?? null },
  { name: "event", type: "json", of: (draft) => jsonOrNull(draft.event) },
  { name: "input", type: "json", of: (draft) => JSON.stringify(draft.input) },
  { name: "parameters", type: "json", of: (draft) => jsonOrNull(draft.parameters) },
  { name: "priority", type: "int", of: (draft) => draft.priority },
  { name: "max_attempts", type: "int", of: (draft) => draft.agent.limits.maxAttempts },
];

const rareColumns: readonly Column[] = [
  { name: "start_after", type: "timestamptz", of: (draft) => draft.startAfter ?? null },
  { name: "keys", type: "json", of: (draft) => jsonOrNull(draft.keys) },
  { name: "session_id", type: "text", of: (draft) => draft.sessionId ?? null },
  { name: "origin", type: "json", of: (draft) => jsonOrNull(draft.origin) },
  { name: "coalesced", type: "json", of: (draft) => jsonOrNull(draft.coalesced) },
  { name: "subscriber_id", type: "uuid", of: (draft) => draft.subscriberId ?? null },
  // Postgres has no arrays of arrays of unequal length: each is written as Postgres writes one.
  {
    name: "depends_on",
    type: "text",
    cast: "::uuid[]",
    of: ({ dependsOn }) => (dependsOn === undefined ? null : `{${dependsOn.join(",")}}`),
  },
  { name: "approval", type: "json", of: (draft) => jsonOrNull(draft.approval) },
  {
    name: "labels",
    type: "text",
    cast: "::text[]",
    of: ({ labels }) => (labels === undefined ? null : arrayOf(labels)),
  },
];

function insertStatement(name: string, columns: readonly Column[]): { readonly name: string; readonly text: string } {
  const names = columns.map((column) => column.name).join(", ");
  const values = columns.map(({ name: column, cast = "" }) => `i.${column}${cast}`).join(", ");
  const arrays = columns.map(({ type }, index) => `$${index + 2}::${type}[]`).join(", ");
  const text = `INSERT INTO tasks (state, attempt, attempts_charged, created_at, updated_at, ${names})
                SELECT 'submitted', 0, 0, $1, $1, ${values} FROM unnest(${arrays}) AS i (${names})`;
  return { name, text };
}

// Most tasks have nothing rare, and a list of nulls for each of these columns would cost every batch its share.
const plain = { columns: plainColumns, statement: insertStatement("insert_plain_tasks", plainColumns) };
const allColumns = [...plainColumns, ...rareColumns];
const full = { columns: allColumns, statement: insertStatement("insert_tasks", allColumns) };

/** Whether a draft has nothing but what every task has. */
export function isPlain(draft: TaskDraft): boolean {
  return rareColumns.every(({ of }) => of(draft) === null);
}

/** The plain columns of tasks to be, as a list of names, and as the types of the lists that `plainTaskValues` makes. */
export const plainTaskColumns = {
  names: plainColumns.map(({ name }) => name).join(", "),
  types: plainColumns.map(({ type }) => type),
} as const;

/** The values of those columns, a list for each. */
export function plainTaskValues(drafts: readonly TaskDraft[]): unknown[] {
  return plainColumns.map(({ of }) => drafts.map(of));
}

/** Stores the rows of drafts, as `submitted`. */
export async function insertTasks(tx: Transaction, drafts: readonly TaskDraft[], now: Date): Promise<void> {
  const { columns, statement } = drafts.every(isPlain) ? plain : full;
  await tx.query(statement, [now, ...columns.map(({ of }) => drafts.map(of))]);
}
