/*
 * pg-boss fetches in the order of creation and can only pass groups over, so that each fetch steps over the whole backlog
 * of a group that has no room: 28 ms with 100,000 ready jobs of one. Group by group, a claim costs what it claims, whatever
 * else waits: 0.2 ms when nothing has room, 1.5 ms for 100 jobs.
 */

const isReady = "state < 'active' AND NOT blocked";

/** How a claim is shared out among the groups of a queue. */
export interface FairShare {
  /** The group that had its turn last; "" at first. */
  readonly after: string;
  /** How many jobs a group may get. */
  readonly rooms: ReadonlyMap<string, number>;
  /** How many a group may get that `rooms` does not name. */
  readonly defaultRoom: number;
  /** How many jobs there are to be in all. */
  readonly limit: number;
}

/**
 * Makes the index that the claim reads, unless it is there: CREATE INDEX IF NOT EXISTS would hold up every writer of the
 * table at each start, to find that out. Of processes that start at once, one makes it and the others wait.
 */
export function fairClaimIndex(table: string): string {
  return `DO $$ BEGIN
            PERFORM pg_advisory_xact_lock(hashtext('hookyard fair claim'));
            IF to_regclass('pgboss.${table}_fair') IS NULL THEN
              CREATE INDEX ${table}_fair ON pgboss.${table} (group_id, priority DESC, created_on) WHERE ${isReady};
            END IF;
          END $$`;
}

/**
 * The claim, whose values `fairClaimValues` makes, as the beginning of a statement that reads from `claimed`.
 * - It walks the groups by one probe of the index each, for as long as there are not enough jobs: Postgres evaluates a
 *   recursive query only as far as LIMIT asks.
 * - What it changes of a job is what the fetch of pg-boss 12.35 changes (plans.js, fetchNextJob), the fence included.
 * - ARRAY makes the ids a value of the UPDATE. With a join, a table not analyzed yet is read as a whole: 42 ms.
 */
export function fairClaim(queue: string, table: string): string {
  const jobs = `pgboss.${table}`;
  const firstGroup = (condition: string): string =>
    `SELECT j.group_id FROM ${jobs} j WHERE ${isReady} AND ${condition} ORDER BY j.group_id LIMIT 1`;
  return `
    WITH RECURSIVE ahead AS (
      (${firstGroup("j.group_id > $1")})
      UNION ALL
      SELECT (${firstGroup("j.group_id > ahead.group_id")}) FROM ahead WHERE ahead.group_id IS NOT NULL
    ), behind AS (
      (${firstGroup("j.group_id <= $1")})
      UNION ALL
      SELECT (${firstGroup("j.group_id > behind.group_id AND j.group_id <= $1")})
      FROM behind WHERE behind.group_id IS NOT NULL
    ), turn AS (
      SELECT group_id FROM ahead WHERE group_id IS NOT NULL
      UNION ALL
      SELECT group_id FROM behind WHERE group_id IS NOT NULL
    ), next AS (
      SELECT ready.id
      FROM turn CROSS JOIN LATERAL (
        SELECT j.id FROM ${jobs} j
        WHERE ${isReady} AND j.group_id = turn.group_id AND j.start_after <= pgboss.job_now()
        ORDER BY j.priority DESC, j.created_on
        LIMIT COALESCE(($2::jsonb ->> turn.group_id)::int, $3::int)
        FOR UPDATE SKIP LOCKED
      ) AS ready
      LIMIT $4::int
    ), claimed AS (
    UPDATE ${jobs} j
    SET state = 'active', started_on = pgboss.job_now(), heartbeat_on = pgboss.job_now(),
        retry_count = CASE WHEN started_on IS NOT NULL THEN retry_count + 1 ELSE retry_count END
    WHERE j.name = '${queue}' AND j.id = ANY (ARRAY(SELECT id FROM next))
    RETURNING j.id, j.retry_count AS "retryCount", j.group_id AS "groupId"
    )`;
}

/**
 * Goes before a claim, in its transaction. While a burst is not analyzed yet, Postgres takes a group for small: it reads
 * the whole backlog of one and sorts it, 7 ms with 12,000 jobs and growing with them, where the index has them in order.
 */
export const steerFairClaim = { text: "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off" };

/** The values of a claim. */
export function fairClaimValues({ after, rooms, defaultRoom, limit }: FairShare): unknown[] {
  return [after, JSON.stringify(Object.fromEntries(rooms)), defaultRoom, limit];
}
