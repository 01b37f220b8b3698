import type { TaskDraft } from "./enqueue-tasks.ts";
import type { Place } from "./key-lines.ts";
import { hashOfKey } from "./task-keys.ts";

/** Where new tasks stand, and in which lines something may have come free for them. */
export interface NewPlaces {
  readonly places: readonly Place[];
  readonly orders: readonly Buffer[];
  readonly concurrencies: readonly Buffer[];
  /** Lines that keep only the newest. */
  readonly bounded: readonly { readonly hash: Buffer; readonly capacity: number }[];
}

/**
 * The places that tasks take in the lines of their keys when they are made. In its order a task stands from its making on, so
 * that none overtakes it. For a concurrent place it asks when nothing else holds it up; only where the next one is
 * dropped or cancels others it asks at once, since that is decided when a task is made.
 */
export function placesOfDrafts(drafts: readonly TaskDraft[], now: Date): NewPlaces {
  const places: Place[] = [];
  const orders: Buffer[] = [];
  const concurrencies: Buffer[] = [];
  const bounded = new Map<string, { readonly hash: Buffer; readonly capacity: number }>();
  for (const { id: taskId, keys, startAfter, dependsOn } of drafts) {
    if (keys?.dedupe !== undefined) {
      const { windowSeconds } = keys.dedupe;
      const expiresAt = windowSeconds === undefined ? undefined : new Date(now.getTime() + windowSeconds * 1000);
      places.push({ taskId, kind: "dedupe", hash: hashOfKey("dedupe", keys.dedupe), standing: "open", expiresAt });
    }
    if (keys?.order !== undefined) {
      const hash = hashOfKey("order", keys.order);
      places.push({ taskId, kind: "order", hash, standing: "waiting" });
      orders.push(hash);
    }
    if (keys?.concurrency !== undefined) {
      const { policy, limit: capacity } = keys.concurrency;
      const hash = hashOfKey("concurrency", keys.concurrency);
      const isHeldUp = keys.order !== undefined || startAfter !== undefined || dependsOn !== undefined;
      const asks = policy !== "queue" || !isHeldUp;
      places.push({ taskId, kind: "concurrency", hash, standing: asks ? "waiting" : "away", capacity });
      if (asks) concurrencies.push(hash);
      if (policy === "cancel") bounded.set(hash.toString("hex"), { hash, capacity });
    }
  }
  return { places, orders, concurrencies, bounded: [...bounded.values()] };
}
