import { GroupCommit } from "../lib/group-commit.ts";
import { UnavailableError } from "../lib/errors.ts";
import { allDone } from "../lib/all-done.ts";
import type { Transaction } from "../platform/database.ts";
import type { JobAttempt } from "../platform/queue.ts";
import type { Services } from "../platform/services.ts";
import { announceFailed } from "./announce-failed.ts";
import { deliveryQueue } from "./delivery-queue.ts";
import { isSuccess, recordSuccesses } from "./record-successes.ts";
import { disableEndpoints } from "./disable-endpoints.ts";
import type { Tell } from "./hub-news.ts";
import { lockDisabledEndpoints } from "./lock-disabled-endpoints.ts";

/** What became of one claimed delivery. */
export interface DeliveryRecord {
  readonly deliveryId: string;
  readonly projectId: string;
  readonly endpointId: string;
  readonly job: JobAttempt;
  readonly state: "pending" | "succeeded" | "failed" | "canceled";
  /** The filterable word. Of a delivery that is given back, the one of its last attempt stays. */
  readonly outcome: string;
  /** When to try again, for `pending`. */
  readonly nextAttemptAt?: Date;
  /** Whether it spends a step of the retry schedule. */
  readonly charged: boolean;
  /** The endpoint answered 410 Gone. */
  readonly disableEndpoint: boolean;
  /** It waits, without a job, until its endpoint is on again. */
  readonly held?: boolean;
  /** Absent when nothing was sent: the endpoint was off. */
  readonly attempt?: AttemptRecord;
}

/** One HTTP try, for its row. */
export interface AttemptRecord {
  /** A uuid. Made with the attempt, so that it is written once however often that is tried. */
  readonly id: string;
  readonly number: number;
  readonly status?: number;
  readonly error?: string;
  readonly durationMs: number;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: Buffer;
  readonly responseTruncated: boolean;
  readonly startedAt: Date;
}

/** The attempts of one process, sharing commits. */
export type AttemptCommit = GroupCommit<DeliveryRecord, void>;

// Only a delivery that is still pending moves: one that was canceled, or settled by a process that claimed it after us,
// keeps its state, and its attempt is counted and on record all the same.
const recordDeliveries = {
  name: "record_deliveries",
  text: `WITH input AS (
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::int[],
                                $8::uuid[], $9::int[], $10::text[], $11::int[], $12::json[], $13::json[], $14::bytea[],
                                $15::boolean[], $16::timestamptz[], $18::boolean[])
             AS i (id, project_id, state, outcome, status, next_attempt_at, charge, attempt_id, number, error,
                   duration_ms, request_headers, response_headers, response_body, response_truncated, started_at, held)
         ), written AS (
           INSERT INTO attempts (id, delivery_id, project_id, number, outcome, status, error, duration_ms,
                                 request_headers, response_headers, response_body, response_truncated, started_at)
           SELECT attempt_id, id, project_id, number, outcome, status, error, duration_ms,
                  request_headers, response_headers, response_body, response_truncated, started_at
           FROM input WHERE attempt_id IS NOT NULL
           ON CONFLICT DO NOTHING
         ), counted AS (
           UPDATE deliveries d SET attempts = d.attempts + 1
           FROM input i WHERE d.id = i.id AND d.state <> 'pending' AND i.attempt_id IS NOT NULL
         )
         UPDATE deliveries d
         SET state = i.state, held = i.held, next_attempt_at = i.next_attempt_at, last_status = coalesce(i.status, d.last_status),
             last_outcome = CASE WHEN i.state = 'pending' AND i.attempt_id IS NULL THEN d.last_outcome ELSE i.outcome END,
             attempts = d.attempts + (i.attempt_id IS NOT NULL)::int, retries_spent = d.retries_spent + i.charge,
             settled_at = CASE WHEN i.state = 'pending' THEN NULL ELSE $17::timestamptz END
         FROM input i WHERE d.id = i.id AND d.state = 'pending'`,
};

function jsonOrNull(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

async function writeRecords(tx: Transaction, services: Services, records: readonly DeliveryRecord[]): Promise<void> {
  await tx.query(recordDeliveries, [
    records.map((record) => record.deliveryId),
    records.map((record) => record.projectId),
    records.map((record) => record.state),
    records.map((record) => record.outcome),
    records.map((record) => record.attempt?.status ?? null),
    records.map((record) => record.nextAttemptAt ?? null),
    records.map((record) => (record.charged ? 1 : 0)),
    records.map((record) => record.attempt?.id ?? null),
    records.map((record) => record.attempt?.number ?? null),
    records.map((record) => record.attempt?.error ?? null),
    records.map((record) => (record.attempt === undefined ? null : Math.round(record.attempt.durationMs))),
    records.map((record) => jsonOrNull(record.attempt?.requestHeaders)),
    records.map((record) => jsonOrNull(record.attempt?.responseHeaders)),
    records.map((record) => record.attempt?.responseBody ?? null),
    records.map((record) => record.attempt?.responseTruncated ?? false),
    records.map((record) => record.attempt?.startedAt ?? null),
    new Date(services.clock.now()),
    records.map((record) => record.held ?? false),
  ]);
}

// An endpoint that has been enabled meanwhile is not off any more.
async function withHeldChecked(
  tx: Transaction,
  services: Services,
  records: readonly DeliveryRecord[],
): Promise<readonly DeliveryRecord[]> {
  const held = records.filter((record) => record.held === true);
  if (held.length === 0) return records;
  const off = await lockDisabledEndpoints(
    tx,
    held.map((record) => record.endpointId),
  );
  const nextAttemptAt = new Date(services.clock.now());
  return records.map((record) =>
    record.held !== true || off.has(record.endpointId) ? record : { ...record, held: false, nextAttemptAt },
  );
}

/**
 * Makes the group commit through which the pump writes attempts down: rows, states and the end of the jobs together, and what
 * is to be said of them. A job is removed by its attempt, so that a process whose claim lapsed does not take away a newer one's.
 */
export function createAttemptCommit(services: Services, tell: Tell): AttemptCommit {
  const commit = async (records: readonly DeliveryRecord[]): Promise<void[]> => {
    // In the order of the ids, as whoever cancels or retries many locks them.
    const sorted = records.toSorted((a, b) => (a.deliveryId < b.deliveryId ? -1 : 1));
    if (sorted.every(isSuccess)) await recordSuccesses(services, sorted);
    else await recordAll(sorted);
    return records.map(() => undefined);
  };
  const recordAll = async (sorted: readonly DeliveryRecord[]): Promise<void> =>
    await services.db.transaction(async (tx) => {
      const ordered = await withHeldChecked(tx, services, sorted);
      const removed = services.queue.remove(
        tx,
        deliveryQueue,
        ordered.map((record) => record.job),
      );
      await allDone([writeRecords(tx, services, ordered), removed]);
      const failed = ordered.filter((record) => record.state === "failed");
      if (failed.length === 0) return;
      const gone = new Set(failed.filter((record) => record.disableEndpoint).map((record) => record.endpointId));
      if (gone.size > 0) await disableEndpoints(tx, services, [...gone], "gone", tell);
      await announceFailed(
        tx,
        failed.map((record) => record.deliveryId),
        tell,
      );
    });
  return new GroupCommit({
    commit,
    maxBatch: 128,
    maxConcurrent: 2,
    maxWaiting: Number.POSITIVE_INFINITY, // the pump's slots bound it
    refuse: () => new UnavailableError("overloaded", "Too many attempts wait for the database."),
    isolates: (error) => !(error instanceof UnavailableError),
  });
}
