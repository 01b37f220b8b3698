import type { Clock } from "../lib/clock.ts";
import type { Executor } from "./database.ts";
import type { Signals, Topic } from "./signals.ts";

/** How a cache loads and forgets. */
export interface ReadThroughCacheOptions<Value> {
  readonly clock: Clock;
  readonly signals: Signals;
  /** News on this topic forgets the keys it names. */
  readonly topic: Topic;
  /** Reads many at once; what is missing in the answer is remembered as absent. */
  readonly load: (db: Executor, keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
  readonly maxEntries: number;
}

// The backstop for news that never came; a lost connection forgets everything anyway.
const freshForMs = 30_000;

interface Entry<Value> {
  readonly value: Value | undefined;
  readonly loadedAt: number;
}

/**
 * Configuration in memory, read when first asked for and forgotten on a signal. What is absent is remembered too, so that
 * a flood of unknown ids does not reach the database. Bounded: the least recently loaded goes first.
 */
export class ReadThroughCache<Value> {
  readonly #options: ReadThroughCacheOptions<Value>;
  readonly #entries = new Map<string, Entry<Value>>();
  // Counts what was forgotten: a read that began before must not put its old answer back.
  #generation = 0;

  constructor(options: ReadThroughCacheOptions<Value>) {
    this.#options = options;
    options.signals.on(options.topic, (keys) => this.forget(keys));
  }

  /** The value of a key when it is in memory and fresh, without reading anything. */
  peek(key: string): { readonly value: Value | undefined } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#options.clock.now() - entry.loadedAt > freshForMs) return undefined;
    return entry;
  }

  async get(db: Executor, key: string): Promise<Value | undefined> {
    const entry = this.peek(key);
    return entry === undefined ? (await this.#read(db, [key])).get(key) : entry.value;
  }

  async getMany(db: Executor, keys: Iterable<string>): Promise<Map<string, Value>> {
    const found = new Map<string, Value>();
    const missing = new Set<string>();
    for (const key of keys) {
      const entry = this.peek(key);
      if (entry === undefined) missing.add(key);
      else if (entry.value !== undefined) found.set(key, entry.value);
    }
    if (missing.size > 0) for (const [key, value] of await this.#read(db, [...missing])) found.set(key, value);
    return found;
  }

  forget(keys: readonly string[] | "all"): void {
    this.#generation += 1;
    if (keys === "all") this.#entries.clear();
    else for (const key of keys) this.#entries.delete(key);
  }

  async #read(db: Executor, keys: readonly string[]): Promise<ReadonlyMap<string, Value>> {
    const generation = this.#generation;
    const loaded = await this.#options.load(db, keys);
    if (generation !== this.#generation) return loaded;
    const loadedAt = this.#options.clock.now();
    for (const key of keys) {
      this.#entries.delete(key);
      this.#entries.set(key, { value: loaded.get(key), loadedAt });
    }
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.maxEntries) break;
      this.#entries.delete(oldest);
    }
    return loaded;
  }
}
