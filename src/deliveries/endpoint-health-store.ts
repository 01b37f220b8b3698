import type { Selectable } from "kysely";
import type { Executor, Transaction } from "../platform/database.ts";
import type { EndpointHealthTable } from "../platform/tables.ts";
import type { CountedAttempt, EndpointRun, TallyRow } from "./endpoint-tally.ts";

const addCounts = {
  name: "add_endpoint_stats",
  text: `INSERT INTO endpoint_stats AS s (endpoint_id, hour, outcome, duration_class, attempts)
         SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::smallint[], $5::int[])
         ON CONFLICT (endpoint_id, hour, outcome, duration_class) DO UPDATE SET attempts = s.attempts + excluded.attempts`,
};

/** Adds to the numbers of the hours. */
export async function addEndpointStats(tx: Transaction, rows: readonly TallyRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(addCounts, [
    rows.map((row) => row.endpointId),
    rows.map((row) => row.hour),
    rows.map((row) => row.outcome),
    rows.map((row) => row.durationClass),
    rows.map((row) => row.attempts),
  ]);
}

// The old row is read under its lock: two processes that see a success at once do not both say so.
const endRuns = {
  name: "end_endpoint_failures",
  text: `WITH old AS (
           SELECT endpoint_id, announced_at, failing_since, breaker_until FROM endpoint_health
           WHERE endpoint_id = ANY ($1) AND failing_since IS NOT NULL ORDER BY endpoint_id FOR UPDATE
         )
         UPDATE endpoint_health h
         SET failures = 0, failing_since = NULL, announced_at = NULL, breaker_until = NULL, breaker_trips = 0
         FROM old WHERE h.endpoint_id = old.endpoint_id
         RETURNING old.endpoint_id, old.announced_at, old.failing_since, old.breaker_until`,
};

/** An endpoint that has recovered, and whether it had been told that it fails. */
interface EndedRun {
  readonly endpoint_id: string;
  readonly announced_at: Date | null;
  readonly failing_since: Date;
  readonly breaker_until: Date | null;
}

/** Notes that these endpoints took something. Answers those that had been failing. */
export async function endFailures(tx: Transaction, endpointIds: readonly string[]): Promise<EndedRun[]> {
  return endpointIds.length === 0 ? [] : await tx.query<EndedRun>(endRuns, [endpointIds]);
}

/** How an endpoint fails, over all processes. */
export interface FailingRow {
  readonly endpoint_id: string;
  readonly failures: number;
  readonly failing_since: Date;
  readonly announced_at: Date | null;
}

const addRuns = {
  name: "add_endpoint_failures",
  text: `INSERT INTO endpoint_health AS h (endpoint_id, failures, failing_since, last_failure)
         SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::json[])
         ON CONFLICT (endpoint_id) DO UPDATE
         SET failures = h.failures + excluded.failures, failing_since = coalesce(h.failing_since, excluded.failing_since),
             last_failure = excluded.last_failure
         RETURNING endpoint_id, failures, failing_since, announced_at`,
};

/** What is kept of the last failure of an endpoint. Ids are uuids, times ISO 8601. */
export interface StoredFailure {
  readonly deliveryId: string;
  readonly at: string;
  readonly outcome: string;
  readonly status?: number;
  readonly error?: string;
}

function storedFailure(attempt: CountedAttempt | undefined): string | null {
  if (attempt === undefined) return null;
  const { deliveryId, startedAt, outcome, status, error } = attempt;
  return JSON.stringify({ deliveryId, at: startedAt.toISOString(), outcome, status, error });
}

/** Notes that these endpoints failed, in the order of their ids. Answers how long they have been failing now. */
export async function addFailures(
  tx: Transaction,
  runs: readonly (readonly [string, EndpointRun])[],
): Promise<FailingRow[]> {
  if (runs.length === 0) return [];
  return await tx.query<FailingRow>(addRuns, [
    runs.map(([endpointId]) => endpointId),
    runs.map(([, run]) => run.failures),
    runs.map(([, run]) => run.failingSince),
    runs.map(([, run]) => storedFailure(run.lastFailure)),
  ]);
}

const openBreakers = {
  name: "open_endpoint_breakers",
  text: `UPDATE endpoint_health h SET breaker_until = i.until, breaker_trips = h.breaker_trips + 1
         FROM unnest($1::uuid[], $2::timestamptz[]) AS i (id, until)
         WHERE h.endpoint_id = i.id AND h.failing_since IS NOT NULL`,
};

/** Notes until when these endpoints are left alone, by their ids. */
export async function setBreakers(tx: Transaction, untilOf: ReadonlyMap<string, Date>): Promise<void> {
  if (untilOf.size > 0) await tx.query(openBreakers, [[...untilOf.keys()], [...untilOf.values()]]);
}

/** Notes that it has been said of these endpoints that they fail. */
export async function markAnnounced(tx: Transaction, endpointIds: readonly string[], now: Date): Promise<void> {
  if (endpointIds.length === 0) return;
  await tx.kysely
    .updateTable("endpoint_health")
    .set({ announced_at: now })
    .where("endpoint_id", "in", [...endpointIds])
    .execute();
}

/** The attempts of an endpoint since an hour began, by outcome and class of duration. */
export async function selectEndpointStats(
  db: Executor,
  endpointId: string,
  since: Date,
): Promise<{ outcome: string; duration_class: number; attempts: number }[]> {
  const text = `SELECT outcome, duration_class, sum(attempts)::int AS attempts FROM endpoint_stats
                WHERE endpoint_id = $1 AND hour >= $2 GROUP BY outcome, duration_class`;
  return await db.query({ text }, [endpointId, since]);
}

const maxCounted = 10_000;

/** How much waits for an endpoint, counted up to ten thousand, and when the next retry is due. */
export async function selectWaiting(
  db: Executor,
  endpointId: string,
): Promise<{ pending: number; held: number; next_attempt_at: Date | null }> {
  const counted = (which: string): string =>
    `(SELECT count(*)::int FROM (SELECT 1 FROM deliveries WHERE endpoint_id = $1 AND ${which} LIMIT ${maxCounted}) AS c)`;
  const next = `(SELECT next_attempt_at FROM deliveries WHERE endpoint_id = $1 AND next_attempt_at IS NOT NULL
                 ORDER BY next_attempt_at LIMIT 1)`;
  const text = `SELECT ${counted("state = 'pending'")} AS pending, ${counted("held")} AS held, ${next} AS next_attempt_at`;
  const [row] = await db.query<{ pending: number; held: number; next_attempt_at: Date | null }>({ text }, [endpointId]);
  return row ?? { pending: 0, held: 0, next_attempt_at: null };
}

/** How an endpoint has failed lately; undefined when it never has. */
export async function selectHealth(
  db: Executor,
  endpointId: string,
): Promise<Selectable<EndpointHealthTable> | undefined> {
  return await db.kysely
    .selectFrom("endpoint_health")
    .selectAll()
    .where("endpoint_id", "=", endpointId)
    .executeTakeFirst();
}

/** Forgets the numbers of hours before this one. */
export async function deleteEndpointStats(db: Executor, before: Date): Promise<void> {
  await db.kysely.deleteFrom("endpoint_stats").where("hour", "<", before).execute();
}
