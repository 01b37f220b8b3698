import { hash } from "node:crypto";
import { isIP } from "node:net";
import type { Services } from "../platform/services.ts";
import { insertRejections, pruneRejections, type RejectionRow } from "./rejection-store.ts";
import type { SourceRecord } from "./source-cache.ts";

/** A request that a source refused. */
export interface RefusedRequest {
  readonly source: SourceRecord;
  /** One of the stable words of verification/rejection.ts, or the code of the answer. */
  readonly reason: string;
  readonly status: number;
  readonly method: string;
  /** The client's, through as many proxies as the settings trust. */
  readonly address: string | undefined;
  /** Names and values in turn; the values are not kept. */
  readonly rawHeaders: readonly string[];
  /** Absent when it was not read to its end. */
  readonly rawBody?: Buffer;
}

/** How many rejections of a source are kept: the newest. */
export const keptRejections = 100;
// Between two writes. One source takes a tenth at most, so that a flood on its URL hides nobody else's.
const maxWaiting = 500;
const maxWaitingOfSource = 50;
const maxHeaderNames = 100;
const maxNameLength = 100;
const maxMethodLength = 20;

/**
 * The refused requests of each source, for its operator: bounded in memory and in the database, and written down later, so
 * that a sender of rubbish neither waits for the database nor keeps it busy. What there is no room for is only counted.
 */
export class RejectionLog {
  readonly #services: Services;
  #waiting: RejectionRow[] = [];
  #ofSource = new Map<string, number>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** Counts a refused request, and keeps what may be kept of it: names of headers and a hash, nothing that proves anything. */
  record(refused: RefusedRequest): void {
    const { metrics } = this.#services;
    const { source, reason } = refused;
    metrics.inboundRejected.inc({ provider: source.provider, reason });
    const ofSource = this.#ofSource.get(source.id) ?? 0;
    if (this.#waiting.length >= maxWaiting || ofSource >= maxWaitingOfSource) {
      metrics.rejectionsDropped.inc();
      return;
    }
    this.#ofSource.set(source.id, ofSource + 1);
    this.#waiting.push(this.#rowOf(refused));
  }

  /** Writes down what waits, in one transaction. What a database that is away does not take is dropped, and counted. */
  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const rows = this.#waiting;
    const sourceIds = [...this.#ofSource.keys()].toSorted();
    this.#waiting = [];
    this.#ofSource = new Map();
    try {
      await this.#services.db.transaction(async (tx) => {
        await insertRejections(tx, rows);
        await pruneRejections(tx, sourceIds, keptRejections);
      });
    } catch (error) {
      this.#services.metrics.rejectionsDropped.inc(rows.length);
      throw error;
    }
  }

  #rowOf({ source, reason, status, method, address, rawHeaders, rawBody }: RefusedRequest): RejectionRow {
    const names = new Set<string>();
    for (let index = 0; index < rawHeaders.length && names.size < maxHeaderNames; index += 2)
      names.add((rawHeaders[index] ?? "").slice(0, maxNameLength).toLowerCase());
    return {
      source_id: source.id,
      id: this.#services.newId(),
      reason,
      status,
      method: method.slice(0, maxMethodLength),
      // A proxy that is not ours may write anything there.
      address: address === undefined || isIP(address) === 0 ? null : address,
      header_names: [...names],
      body_size: rawBody?.length ?? null,
      body_sha256: rawBody === undefined ? null : hash("sha256", rawBody, "buffer"),
      rejected_at: new Date(this.#services.clock.now()),
    };
  }
}
