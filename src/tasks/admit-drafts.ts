import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { EnqueueOutcome, TaskDraft } from "./enqueue-tasks.ts";
import { lockScopes } from "./lock-scopes.ts";
import { hashOfKey, scopesOfKeys } from "./task-keys.ts";

const selectHolders = {
  name: "select_dedupe_holders",
  text: `SELECT encode(hash, 'hex') AS hash, task_id FROM task_keys
         WHERE hash = ANY ($1) AND (standing = 'open' OR expires_at > $2) ORDER BY seq`,
};

// No further than the limit: whoever stands behind it makes no difference.
const countMembers = {
  name: "count_concurrent_tasks",
  text: `SELECT encode(i.hash, 'hex') AS hash,
                (SELECT count(*)::int FROM (SELECT FROM task_keys k WHERE k.hash = i.hash LIMIT i.capacity) first) AS members
         FROM unnest($1::bytea[], $2::int[]) AS i (hash, capacity)`,
};

/** What the keys of some drafts say as they stand, by their hashes in hex. */
interface Standings {
  /** The task that holds a dedupe key. */
  readonly holders: Map<string, string>;
  /** How many there are of a concurrency key. */
  readonly members: Map<string, number>;
}

async function readStandings(tx: Transaction, drafts: readonly TaskDraft[], now: Date): Promise<Standings> {
  const dedupe = new Map<string, Buffer>();
  const limits = new Map<string, { readonly hash: Buffer; readonly limit: number }>();
  for (const { keys } of drafts) {
    if (keys?.dedupe !== undefined) {
      const hash = hashOfKey("dedupe", keys.dedupe);
      dedupe.set(hash.toString("hex"), hash);
    }
    if (keys?.concurrency?.policy === "drop") {
      const hash = hashOfKey("concurrency", keys.concurrency);
      const known = limits.get(hash.toString("hex"))?.limit ?? 0;
      limits.set(hash.toString("hex"), { hash, limit: Math.max(known, keys.concurrency.limit) });
    }
  }
  const lines = [...limits.values()];
  const locked = lockScopes(
    tx,
    drafts.flatMap(({ keys }) => scopesOfKeys(keys)),
  );
  const held =
    dedupe.size === 0
      ? Promise.resolve([])
      : tx.query<{ hash: string; task_id: string }>(selectHolders, [[...dedupe.values()], now]);
  const counted =
    lines.length === 0
      ? Promise.resolve([])
      : tx.query<{ hash: string; members: number }>(countMembers, [
          lines.map((line) => line.hash),
          lines.map((line) => line.limit),
        ]);
  // Together on one trip: Postgres begins each when the one before has ended, so that they see what the locks let through.
  await allDone([locked, held, counted]);
  return {
    holders: new Map((await held).map((row) => [row.hash, row.task_id])),
    members: new Map((await counted).map((row) => [row.hash, row.members])),
  };
}

/**
 * Says of each draft whether it becomes a task: not when another task has its dedupe key, nor when its concurrency key has
 * no room and says `drop`. One after the other, so that drafts of one batch count for each other. Locks the scopes of
 * their keys; costs nothing when no draft has any.
 */
export async function admitDrafts(
  tx: Transaction,
  drafts: readonly TaskDraft[],
  now: Date,
): Promise<readonly EnqueueOutcome[]> {
  const keyed = drafts.filter((draft) => draft.keys !== undefined);
  if (keyed.length === 0) return drafts.map(() => ({ outcome: "stored" }));
  const { holders, members } = await readStandings(tx, keyed, now);
  return drafts.map(({ id, keys }): EnqueueOutcome => {
    const dedupe = keys?.dedupe === undefined ? undefined : hashOfKey("dedupe", keys.dedupe).toString("hex");
    const holder = dedupe === undefined ? undefined : holders.get(dedupe);
    if (holder !== undefined) return { outcome: "deduplicated", taskId: holder };
    if (keys?.concurrency?.policy === "drop") {
      const hash = hashOfKey("concurrency", keys.concurrency).toString("hex");
      const taken = members.get(hash) ?? 0;
      if (taken >= keys.concurrency.limit) return { outcome: "dropped" };
      members.set(hash, taken + 1);
    }
    if (dedupe !== undefined) holders.set(dedupe, id);
    return { outcome: "stored" };
  });
}
