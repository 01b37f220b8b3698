import { ConflictError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { advanceLines } from "./advance-lines.ts";
import { enterLines, type Place } from "./key-lines.ts";
import { lockScopes } from "./lock-scopes.ts";
import { hashOfKey, scopesOfKeys, type TaskKeys } from "./task-keys.ts";

/** A task that had ended and is to be done again. */
interface RedrivenTask {
  readonly id: string;
  readonly agent_id: string;
  readonly keys: TaskKeys | null;
}

const selectOtherHolder = {
  name: "select_other_dedupe_holder",
  text: `SELECT task_id FROM task_keys WHERE hash = ANY ($1) AND standing = 'open' AND task_id <> ALL ($2) LIMIT 1`,
};

function placesOf({ id: taskId, keys }: RedrivenTask): Place[] {
  const places: Place[] = [];
  if (keys?.dedupe !== undefined)
    places.push({ taskId, kind: "dedupe", hash: hashOfKey("dedupe", keys.dedupe), standing: "open" });
  if (keys?.order !== undefined)
    places.push({ taskId, kind: "order", hash: hashOfKey("order", keys.order), standing: "waiting" });
  if (keys?.concurrency !== undefined) {
    const { limit: capacity } = keys.concurrency;
    const hash = hashOfKey("concurrency", keys.concurrency);
    places.push({ taskId, kind: "concurrency", hash, standing: "away", capacity });
  }
  return places;
}

/**
 * Has tasks that had ended take their keys again, and gives a job to those that need not wait: a failed one that blocks its
 * order stands where it stood, any other at the end of its line. It waits for a free place whatever the policy of its key
 * for new tasks is. Throws ConflictError `duplicate_key` when another open task has its dedupe key.
 */
export async function retakeKeys(tx: Transaction, services: Services, tasks: readonly RedrivenTask[]): Promise<void> {
  if (tasks.length === 0) return;
  // A task that depends on others is guarded by the lock of its agent.
  await lockScopes(
    tx,
    tasks.flatMap((task) => [task.agent_id, ...scopesOfKeys(task.keys)]),
  );
  const places = tasks.flatMap(placesOf);
  const hashesOf = (kind: Place["kind"]): Buffer[] =>
    places.filter((place) => place.kind === kind).map((place) => place.hash);
  const taskIds = tasks.map((task) => task.id);
  const dedupe = hashesOf("dedupe");
  const [other] = dedupe.length === 0 ? [] : await tx.query<{ task_id: string }>(selectOtherHolder, [dedupe, taskIds]);
  if (other !== undefined) {
    const holder = toWireId("task", other.task_id);
    throw new ConflictError("duplicate_key", `The task ${holder} has its dedupe key, and has not ended.`);
  }
  await enterLines(tx, places);
  await advanceLines(tx, services, { orders: hashesOf("order"), taskIds });
}
