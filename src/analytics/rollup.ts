import { binOf } from "./duration-bins.ts";

/** What is counted apart. A team is the sum of its agents. */
export type Dimension = "agent" | "route" | "source" | "endpoint";

/** One thing that is counted, in one hour. */
export interface RollupKey {
  readonly projectId: string;
  readonly dimension: Dimension;
  readonly subject: string;
  readonly bucket: Date;
}

/** A number to be added. */
export interface RollupEntry extends RollupKey {
  readonly measure: string;
  readonly bin: number;
  value: number;
}

const hourMs = 3_600_000;

/** The hour that a moment is in. */
export function bucketOf(moment: Date): Date {
  return new Date(Math.floor(moment.getTime() / hourMs) * hourMs);
}

/** Adds up what a batch of rows has to say, so that each number is written once. */
export class Rollup {
  readonly #entries = new Map<string, RollupEntry>();

  add(key: RollupKey, measure: string, value: number, bin = 0): void {
    const { projectId, dimension, subject, bucket } = key;
    // In the order of the table's key, in which it is written: two writers must not wait for each other crosswise.
    const id = [projectId, dimension, bucket.toISOString(), subject, measure, String(bin).padStart(3, "0")].join(" ");
    const entry = this.#entries.get(id);
    if (entry === undefined) this.#entries.set(id, { projectId, dimension, subject, bucket, measure, bin, value });
    else entry.value += value;
  }

  /** Counts a duration in milliseconds. */
  addDuration(key: RollupKey, measure: string, milliseconds: number): void {
    this.add(key, measure, 1, binOf(milliseconds));
  }

  /** Everything added up, in the order of the table's key. */
  entries(): RollupEntry[] {
    return [...this.#entries].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  }
}
