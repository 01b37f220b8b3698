import type { Clock } from "../lib/clock.ts";
import type { SignalListener } from "../platform/signals.ts";
import type { ApiKeyRow, KeyName } from "./store.ts";

// A revocation that NOTIFY could not announce (a lost connection) still takes effect within this time.
const freshMs = 10_000;
// About 5 MB of rows.
const maxEntries = 10_000;

interface Entry {
  readonly row: ApiKeyRow;
  readonly readAtMs: number;
}

function slotOf(name: KeyName): string {
  return "hash" in name ? name.hash.toString("hex") : name.id;
}

/**
 * API keys as they were read at most ten seconds ago, so that a worker's calls do not read the database each time. Keys
 * that do not exist are not remembered: they would have to be forgotten when one is made.
 */
export class KeyCache {
  readonly #read: (name: KeyName) => Promise<ApiKeyRow | undefined>;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #reading = new Map<string, Promise<ApiKeyRow | undefined>>();
  #generation = 0;

  constructor(clock: Clock, read: (name: KeyName) => Promise<ApiKeyRow | undefined>) {
    this.#clock = clock;
    this.#read = read;
  }

  /** The key, if it was read lately. */
  peek(name: KeyName): ApiKeyRow | undefined {
    const entry = this.#entries.get(slotOf(name));
    return entry !== undefined && this.#clock.now() - entry.readAtMs < freshMs ? entry.row : undefined;
  }

  /** Whether the key existed when it was read last, however long ago that is. */
  knows(name: KeyName): boolean {
    return this.#entries.has(slotOf(name));
  }

  /** The key as the database has it now; calls at the same time share one read. */
  async load(name: KeyName): Promise<ApiKeyRow | undefined> {
    const slot = slotOf(name);
    const underWay = this.#reading.get(slot);
    if (underWay !== undefined) return await underWay;
    const reading = this.#loadInto(slot, name).finally(() => this.#reading.delete(slot));
    this.#reading.set(slot, reading);
    return await reading;
  }

  /** Forgets keys that have changed. */
  readonly forget: SignalListener = (ids) => {
    this.#generation += 1;
    // A read that began before the change must not answer those who ask after it.
    this.#reading.clear();
    if (ids === "all") this.#entries.clear();
    else for (const [slot, { row }] of this.#entries) if (ids.includes(row.id)) this.#entries.delete(slot);
  };

  async #loadInto(slot: string, name: KeyName): Promise<ApiKeyRow | undefined> {
    const generation = this.#generation;
    const readAtMs = this.#clock.now();
    const row = await this.#read(name);
    // What was read before a change may be what it was before it.
    if (generation !== this.#generation) return row;
    this.#entries.delete(slot);
    if (row === undefined) return undefined;
    this.#entries.set(slot, { row, readAtMs });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > maxEntries && oldest !== undefined) this.#entries.delete(oldest);
    return row;
  }
}
