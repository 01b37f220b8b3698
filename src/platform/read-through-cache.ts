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
  /** Of those that there are; as many absent ones are remembered besides. */
  readonly maxEntries: number;
}

// The backstop for news that never came; a lost connection, which shows within seconds, forgets everything anyway. Not
// shorter: with 10,000 busy sources, reading and unsealing each every 30 s cost about a tenth of the pace (one noisy run).
const freshForMs = 300_000;

interface Entry<Value> {
  readonly value: Value | undefined;
  readonly loadedAt: number;
}

/** What is asked of one executor: the read under way, and the keys of the one after it. */
interface Reader<Value> {
  underWay: Promise<unknown>;
  next: { readonly keys: Set<string>; readonly loaded: Promise<ReadonlyMap<string, Value>> } | undefined;
}

/**
 * Configuration in memory, read when first asked for and forgotten on a signal. What is absent is remembered too, so that
 * a flood of one unknown id does not reach the database; one of many shares reads, of which there is one at a time, and
 * pushes nothing out that there is. Bounded: the least recently loaded goes first.
 */
export class ReadThroughCache<Value> {
  readonly #options: ReadThroughCacheOptions<Value>;
  readonly #present = new Map<string, Entry<Value>>();
  readonly #absent = new Map<string, Entry<Value>>();
  // Per executor: who waits for another's transaction could wait for ever.
  readonly #readers = new WeakMap<Executor, Reader<Value>>();
  // Counts what was forgotten: a read that began before must not put its old answer back.
  #generation = 0;

  constructor(options: ReadThroughCacheOptions<Value>) {
    this.#options = options;
    options.signals.on(options.topic, (keys) => this.forget(keys));
  }

  /** The value of a key when it is in memory and fresh, without reading anything. */
  peek(key: string): { readonly value: Value | undefined } | undefined {
    const entry = this.#present.get(key) ?? this.#absent.get(key);
    if (entry === undefined || this.#options.clock.now() - entry.loadedAt > freshForMs) return undefined;
    return entry;
  }

  async get(db: Executor, key: string): Promise<Value | undefined> {
    const entry = this.peek(key);
    return entry === undefined ? (await this.#read(db, [key])).get(key) : entry.value;
  }

  async getMany(db: Executor, keys: Iterable<string>): Promise<Map<string, Value>> {
    const { found, missing } = this.#recall(keys);
    if (missing.length === 0) return found;
    const loaded = await this.#read(db, missing);
    for (const key of missing) {
      const value = loaded.get(key);
      if (value !== undefined) found.set(key, value);
    }
    return found;
  }

  forget(keys: readonly string[] | "all"): void {
    this.#generation += 1;
    for (const entries of [this.#present, this.#absent])
      if (keys === "all") entries.clear();
      else for (const key of keys) entries.delete(key);
  }

  #recall(keys: Iterable<string>): { found: Map<string, Value>; missing: string[] } {
    const found = new Map<string, Value>();
    const missing: string[] = [];
    for (const key of new Set(keys)) {
      const entry = this.peek(key);
      if (entry === undefined) missing.push(key);
      else if (entry.value !== undefined) found.set(key, entry.value);
    }
    return { found, missing };
  }

  // Joins the read that comes next, never one under way: that may have begun before a change that the asker knows of.
  #read(db: Executor, keys: readonly string[]): Promise<ReadonlyMap<string, Value>> {
    let reader = this.#readers.get(db);
    if (reader === undefined) this.#readers.set(db, (reader = { underWay: Promise.resolve(), next: undefined }));
    const { next } = reader;
    if (next !== undefined) {
      for (const key of keys) next.keys.add(key);
      return next.loaded;
    }
    return this.#readNext(db, reader, new Set(keys));
  }

  #readNext(db: Executor, reader: Reader<Value>, keys: Set<string>): Promise<ReadonlyMap<string, Value>> {
    const loaded = reader.underWay.then(() => {
      reader.next = undefined;
      return this.#load(db, keys);
    });
    reader.next = { keys, loaded };
    reader.underWay = loaded.catch(() => {});
    return loaded;
  }

  // The read before this one may have brought some of the keys.
  async #load(db: Executor, keys: ReadonlySet<string>): Promise<ReadonlyMap<string, Value>> {
    const { found, missing } = this.#recall(keys);
    if (missing.length === 0) return found;
    const generation = this.#generation;
    const loaded = await this.#options.load(db, missing);
    for (const [key, value] of loaded) found.set(key, value);
    if (generation === this.#generation) for (const key of missing) this.#remember(key, loaded.get(key));
    return found;
  }

  #remember(key: string, value: Value | undefined): void {
    this.#present.delete(key);
    this.#absent.delete(key);
    const entries = value === undefined ? this.#absent : this.#present;
    entries.set(key, { value, loadedAt: this.#options.clock.now() });
    if (entries.size <= this.#options.maxEntries) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  }
}
