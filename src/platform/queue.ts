import { type Db, type JobInsert, type JobWithMetadata, PgBoss } from "pg-boss";
import { allDone } from "../lib/all-done.ts";
import type { Executor, Transaction } from "./database.ts";
import { fairClaim, fairClaimIndex, fairClaimValues, type FairShare, steerFairClaim } from "./fair-claim.ts";
import type { Logger } from "./logger.ts";

/** One attempt at a job: `retryCount` fences it, so that a stale holder of the same id affects nothing. */
export interface JobAttempt {
  readonly id: string;
  readonly retryCount: number;
}

/** A job to store. `id` is the id of the task or delivery that it carries; `group` keeps endpoints apart. */
export interface NewJob {
  readonly id: string;
  readonly priority?: number;
  readonly retryLimit?: number;
  readonly expireInSeconds?: number;
  readonly group?: { readonly id: string };
  readonly data?: object;
}

/** A claimed job of a group. */
export interface GroupedJob extends JobAttempt {
  readonly groupId: string;
}

/** A job that pg-boss has given up on. */
export interface DeadJob {
  /** Of the job as it was: the task's or delivery's id. */
  readonly sourceId: string;
  readonly sourceQueue: string;
}

/** A job and what it carries. */
export interface TakenJob {
  readonly id: string;
  readonly data: object | null;
  readonly createdAt: Date;
}

/** When a queue gets a job by itself. */
export interface JobTimes {
  readonly cron: string;
  readonly timezone: string;
  /** What is done about times that came while no process ran: nothing, or one job for the latest. */
  readonly missed: "skip" | "once";
}

/** How many jobs a queue may give. */
export interface QueueShare {
  readonly name: string;
  readonly limit: number;
}

/** How a queue treats its jobs. */
export interface QueueOptions {
  readonly deadLetter?: string;
  readonly partition?: boolean;
  /** Its jobs have groups, which are to have their turns: `claimFairly`. */
  readonly fair?: boolean;
  readonly retryLimit?: number;
  readonly retryDelay?: number;
  readonly retryBackoff?: boolean;
  readonly retryDelayMax?: number;
  readonly expireInSeconds?: number;
}

// Fifty years (its column is an int of seconds): pg-boss deletes what waits longer than its retention, and a task that waits is not garbage.
const keepForEver = 50 * 365 * 86_400;

// In the order of pg-boss' own fetch, over several queues.
const selectReady = {
  name: "select_ready_jobs",
  text: `SELECT head.name, count(*)::int AS jobs
         FROM (SELECT j.name
               FROM unnest($1::text[], $2::int[]) AS q (name, places)
               CROSS JOIN LATERAL (
                 SELECT j.name, j.priority, j.created_on FROM pgboss.job j
                 WHERE j.name = q.name AND j.state < 'active' AND NOT j.blocked AND j.start_after <= now()
                 ORDER BY j.priority DESC, j.created_on LIMIT q.places
               ) j
               ORDER BY j.priority DESC, j.created_on LIMIT $3) head
         GROUP BY head.name`,
};

// What pg-boss does when a worker claims more than it may: it has no call for it. Priority and age stay as they were.
const restoreJobs = {
  name: "restore_jobs",
  text: `UPDATE pgboss.job SET state = 'created', started_on = NULL, heartbeat_on = NULL, completed_on = NULL
         WHERE name = $1 AND id = ANY ($2::uuid[]) RETURNING id`,
};

const selectUnfinished = {
  name: "select_unfinished_jobs",
  text: `SELECT j.id FROM unnest($1::text[], $2::uuid[]) AS i (name, id)
         JOIN pgboss.job j ON j.name = i.name AND j.id = i.id WHERE j.state < 'completed'`,
};

// pg never forgets a prepared statement, and fetch has the queue's name in its text: beyond this many, unnamed.
const maxNamedStatements = 500;

/**
 * pg-boss as the hub's queue: carriers of tasks and deliveries, stored and removed inside the caller's transaction.
 * pg-boss sends unnamed statements; naming the hot ones halves their cost (send 3,670 → 7,007/s).
 */
export class Queue {
  readonly #boss: PgBoss;
  readonly #names = new Map<string, string>();
  readonly #fairClaims = new Map<string, string>();
  readonly #tables = new Map<string, string>();

  constructor(connectionString: string, log: Logger, options: { supervise: boolean }) {
    this.#boss = new PgBoss({
      connectionString,
      max: 3,
      application_name: "hookyard-queue",
      supervise: options.supervise,
      schedule: options.supervise,
      // A schedule's task is there within some 10 s of its minute.
      cronMonitorIntervalSeconds: 5,
      cronWorkerIntervalSeconds: 2,
      monitorIntervalSeconds: 5,
      superviseIntervalSeconds: 5,
      persistQueueStats: false,
    });
    this.#boss.on("error", (err) => log.warn({ unit: "queue", err }, "queue maintenance failed"));
    this.#boss.on("warning", (warning) => log.warn({ unit: "queue", reason: warning.message }, "queue warning"));
  }

  /** Installs or upgrades pg-boss' own schema and starts its maintenance. */
  async start(): Promise<void> {
    await this.#boss.start();
  }

  /** Ends maintenance and its workers; claimed jobs stay claimed. */
  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: true, timeout: 5_000 });
  }

  /** Creates the queue, or gives the one that is there these options. Its dead-letter queue must exist. */
  async ensure(name: string, options: QueueOptions = {}): Promise<void> {
    const { partition = false, fair = false, ...changeable } = { retentionSeconds: keepForEver, ...options };
    await this.#boss.createQueue(name, { partition, ...changeable });
    // Creating one that exists changes nothing, so that a changed setting would never reach it.
    await this.#boss.updateQueue(name, changeable);
    if (fair) await this.#prepareFairClaim(name);
  }

  /** Stores jobs within the caller's transaction. A job whose id is there already is left as it is. */
  async insert(db: Executor, name: string, jobs: readonly NewJob[]): Promise<void> {
    if (jobs.length > 0) await this.#boss.insert(name, jobs as JobInsert[], { db: this.#adapt(db), returnId: false });
  }

  /** Claims up to `limit` jobs, the oldest of the highest priority, and answers with them in no particular order. */
  async fetch(db: Executor, name: string, limit: number): Promise<JobAttempt[]> {
    return await this.#boss.fetch(name, { batchSize: limit, db: this.#adapt(db) });
  }

  /**
   * Claims jobs of a `fair` queue, one group after the other, each up to its room: its oldest of the highest priority.
   * `read` is a SELECT from `claimed` (a GroupedJob's columns) that brings along what the jobs carry, on the same trip.
   */
  async claimFairly<Row extends GroupedJob>(
    db: Transaction,
    name: string,
    share: FairShare,
    read = "SELECT * FROM claimed",
  ): Promise<Row[]> {
    const claim = this.#fairClaims.get(name);
    if (claim === undefined) throw new Error(`the queue ${name} was not made for fair claims`);
    const steered = db.query(steerFairClaim, []);
    const claimed = db.query<Row>({ name: `claim_${name}`, text: `${claim} ${read}` }, fairClaimValues(share));
    await allDone([steered, claimed]);
    return await claimed;
  }

  /**
   * From which queues a fetch over all of them would take how many jobs: highest priority first, then oldest. A hint, for
   * nothing is claimed: another process may be faster.
   */
  async ready(db: Executor, shares: readonly QueueShare[], limit: number): Promise<Map<string, number>> {
    const rows = await db.query<{ name: string; jobs: number }>(selectReady, [
      shares.map((share) => share.name),
      shares.map((share) => share.limit),
      limit,
    ]);
    return new Map(rows.map((row) => [row.name, row.jobs]));
  }

  /** Puts claimed jobs back to where they stood in the queue; one that is gone is stored anew, at its end. */
  async giveBack(db: Executor, name: string, jobs: readonly NewJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const restored = await db.query<{ id: string }>(restoreJobs, [name, jobs.map((job) => job.id)]);
    const known = new Set(restored.map((row) => row.id));
    const gone = jobs.filter((job) => !known.has(job.id));
    await this.insert(db, name, gone);
  }

  /**
   * The name of the table that holds the jobs of a queue with a table of its own, for a statement that ends jobs as it writes
   * down what became of them.
   */
  tableOf(name: string): string {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`the queue ${name} has no table of its own`);
    return `pgboss.${table}`;
  }

  /** Deletes jobs: by id whatever their state, by attempt only while that attempt holds them. */
  async remove(db: Executor, name: string, jobs: readonly string[] | readonly JobAttempt[]): Promise<void> {
    if (jobs.length > 0) await this.#boss.deleteJob(name, jobs as string[] | JobAttempt[], { db: this.#adapt(db) });
  }

  /**
   * Takes jobs that pg-boss gave up on out of their dead-letter queue, in the transaction that settles what they carried:
   * when it fails they are still there.
   */
  async takeDead(tx: Transaction, name: string, limit: number): Promise<DeadJob[]> {
    const options = { batchSize: limit, includeMetadata: true, db: this.#adapt(tx) } as const;
    const jobs: JobWithMetadata[] = await this.#boss.fetch(name, options);
    await this.remove(
      tx,
      name,
      jobs.map((job) => job.id),
    );
    return jobs.flatMap(({ sourceId, sourceName }) =>
      sourceId === null || sourceName === null ? [] : [{ sourceId, sourceQueue: sourceName }],
    );
  }

  /** The ids of those jobs that wait or are claimed again, since they were given up. */
  async selectUnfinished(db: Executor, jobs: readonly DeadJob[]): Promise<Set<string>> {
    const rows = await db.query<{ id: string }>(selectUnfinished, [
      jobs.map((job) => job.sourceQueue),
      jobs.map((job) => job.sourceId),
    ]);
    return new Set(rows.map((row) => row.id));
  }

  /** Takes jobs out of their queue with what they carry, in the transaction that does what they say. */
  async take(tx: Transaction, name: string, limit: number): Promise<TakenJob[]> {
    const options = { batchSize: limit, includeMetadata: true, db: this.#adapt(tx) } as const;
    const jobs: JobWithMetadata<object | null>[] = await this.#boss.fetch(name, options);
    await this.remove(
      tx,
      name,
      jobs.map((job) => job.id),
    );
    return jobs.map(({ id, data, createdOn }) => ({ id, data, createdAt: createdOn }));
  }

  /** Gives a queue a job with this data at these times from now on, under a key; what stood there is replaced. */
  async schedule(name: string, key: string, { cron, timezone, missed }: JobTimes, data: object): Promise<void> {
    await this.#boss.schedule(name, cron, data, { key, tz: timezone, missed });
  }

  /** Ends it. */
  async unschedule(name: string, key: string): Promise<void> {
    await this.#boss.unschedule(name, key);
  }

  /** What is scheduled for a queue. */
  async schedules(name: string): Promise<({ readonly key: string } & JobTimes)[]> {
    const schedules = await this.#boss.getSchedules(name);
    return schedules.map(({ key, cron, timezone, options }) => ({
      key,
      cron,
      timezone,
      missed: options?.missed ?? "skip",
    }));
  }

  /** The next times after `from`; throws an error that says what is wrong with the expression or the zone. */
  previewSchedule(cron: string, timezone: string, from: Date, count: number): Date[] {
    return this.#boss.previewSchedule(cron, { tz: timezone, from, count });
  }

  /** Runs `work` on a cron expression (UTC), once over all processes. */
  async onSchedule(name: string, cron: string, work: () => Promise<void>): Promise<void> {
    await this.ensure(name, { retryLimit: 0 });
    await this.#boss.work(name, { pollingIntervalSeconds: 10 }, work);
    await this.#boss.schedule(name, cron);
  }

  async #prepareFairClaim(name: string): Promise<void> {
    const queue = await this.#boss.getQueue(name);
    if (queue === null) throw new Error(`the queue ${name} is gone`);
    await this.#boss.getDb().executeSql(fairClaimIndex(queue.table));
    this.#fairClaims.set(name, fairClaim(name, queue.table));
    this.#tables.set(name, queue.table);
  }

  #adapt(db: Executor): Db {
    return {
      executeSql: async (text, values = []) => {
        const name = this.#nameOf(text, values);
        return { rows: await db.query(name === undefined ? { text } : { name, text }, values) };
      },
    };
  }

  // A text without values may hold several commands and cannot be prepared, but for fetch, which is one statement.
  #nameOf(text: string, values: readonly unknown[]): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    if (values.length === 0 && !/^\s*WITH\s+next AS/.test(text)) return undefined;
    if (this.#names.size >= maxNamedStatements) return undefined;
    const name = `queue_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}
