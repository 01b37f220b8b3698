import { createHash } from "node:crypto";

/** A key among the tasks of one route, or of one agent for those that a call made: `scope` is its id. */
interface ScopedKey {
  readonly scope: string;
  readonly key: string;
}

/** What a task shares with others. All keys of a task have one scope. */
export interface TaskKeys {
  /** No second task while one with this key is open, nor within so many seconds of its making. */
  readonly dedupe?: ScopedKey & { readonly windowSeconds?: number };
  /**
   * At most `limit` tasks with this key are open: handed to the queue and not settled. One too many waits (`queue`), is not
   * made (`drop`), or has the oldest canceled (`cancel`).
   */
  readonly concurrency?: ScopedKey & { readonly limit: number; readonly policy: "queue" | "drop" | "cancel" };
  /** One after the other, in the order of their making; after a failure the next goes on, or waits for a person. */
  readonly order?: ScopedKey & { readonly onFailure: "continue" | "block" };
}

/** What a key is for. */
export type KeyKind = keyof TaskKeys;

const hashBytes = 16;

/** The name of a key's line: keys come from payloads, and have any length. */
export function hashOfKey(kind: KeyKind, { scope, key }: ScopedKey): Buffer {
  // A scope is a uuid, so that the second space ends it.
  return createHash("sha256").update(`${kind} ${scope} ${key}`).digest().subarray(0, hashBytes);
}

/** The scopes whose locks guard these keys. */
export function scopesOfKeys(keys: TaskKeys | null | undefined): string[] {
  return [keys?.dedupe?.scope, keys?.concurrency?.scope, keys?.order?.scope].filter((scope) => scope !== undefined);
}
