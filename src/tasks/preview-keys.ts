import type { Executor } from "../platform/database.ts";
import { hashOfKey, type KeyKind, type TaskKeys } from "./task-keys.ts";

/** What the keys of a task would say of it now. */
export interface KeyPreview {
  /** The task that has its dedupe key, so that there would be no second. */
  readonly holderId?: string;
  /** Its concurrency key has no room, and says `drop`. */
  readonly isDropped?: boolean;
  /** It would be made, and stand behind others of this key. */
  readonly waitsFor?: "order" | "concurrency";
}

// As who stands in a line is read when a task is made (admit-drafts.ts); here nothing is locked for it.
const readLines = {
  name: "preview_key_lines",
  text: `SELECT encode(i.hash, 'hex') AS hash,
                (SELECT k.task_id FROM task_keys k
                 WHERE k.hash = i.hash AND (k.standing = 'open' OR k.expires_at > $3) ORDER BY k.seq LIMIT 1) AS holder_id,
                (SELECT count(*)::int FROM (SELECT FROM task_keys k WHERE k.hash = i.hash LIMIT i.capacity) first) AS members
         FROM unnest($1::bytea[], $2::int[]) AS i (hash, capacity)`,
};

interface Line {
  readonly hash: string;
  readonly holder_id: string | null;
  readonly members: number;
}

/** Says of each of these tasks to be, as if it were the only one, what its keys would say now. Nothing is locked or written. */
export async function previewKeys(db: Executor, all: readonly TaskKeys[], now: Date): Promise<KeyPreview[]> {
  const wanted = new Map<string, { readonly hash: Buffer; readonly capacity: number }>();
  const nameOf = (kind: KeyKind, keys: TaskKeys): string | undefined => {
    const key = keys[kind];
    return key === undefined ? undefined : hashOfKey(kind, key).toString("hex");
  };
  for (const keys of all)
    for (const kind of ["dedupe", "concurrency", "order"] as const) {
      const name = nameOf(kind, keys);
      if (name === undefined) continue;
      const capacity = kind === "concurrency" ? (keys.concurrency?.limit ?? 1) : 1;
      wanted.set(name, {
        hash: Buffer.from(name, "hex"),
        capacity: Math.max(capacity, wanted.get(name)?.capacity ?? 0),
      });
    }
  if (wanted.size === 0) return all.map(() => ({}));
  const values = [...wanted.values()];
  const rows = await db.query<Line>(readLines, [
    values.map((line) => line.hash),
    values.map((line) => line.capacity),
    now,
  ]);
  const lines = new Map(rows.map((row) => [row.hash, row]));
  return all.map((keys): KeyPreview => {
    const lineOf = (kind: KeyKind): Line | undefined => lines.get(nameOf(kind, keys) ?? "");
    const holderId = lineOf("dedupe")?.holder_id ?? undefined;
    if (holderId !== undefined) return { holderId };
    const isFull = (lineOf("concurrency")?.members ?? 0) >= (keys.concurrency?.limit ?? 1);
    if (isFull && keys.concurrency?.policy === "drop") return { isDropped: true };
    if ((lineOf("order")?.members ?? 0) > 0) return { waitsFor: "order" };
    return isFull && keys.concurrency?.policy === "queue" ? { waitsFor: "concurrency" } : {};
  });
}
