import { type Db, type JobInsert, type JobWithMetadata, PgBoss } from "pg-boss";
import type { Executor } from "./database.ts";
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
}

/** A claimed job. */
export interface Job extends JobAttempt {
  readonly groupId?: string | null;
}

/** A job that pg-boss has given up on. */
export interface DeadJob {
  /** Of the job as it was: the task's or delivery's id. */
  readonly sourceId: string;
  readonly sourceQueue: string;
}

/** How a queue treats its jobs. */
export interface QueueOptions {
  readonly deadLetter?: string;
  readonly partition?: boolean;
  readonly retryLimit?: number;
  readonly retryDelay?: number;
  readonly retryBackoff?: boolean;
  readonly retryDelayMax?: number;
  readonly expireInSeconds?: number;
}

// Fifty years (its column is an int of seconds): pg-boss deletes what waits longer than its retention, and a task that waits is not garbage.
const keepForEver = 50 * 365 * 86_400;

// pg never forgets a prepared statement, and fetch has the queue's name in its text: beyond this many, unnamed.
const maxNamedStatements = 500;

/**
 * pg-boss as the hub's queue: carriers of tasks and deliveries, stored and removed inside the caller's transaction.
 * pg-boss sends unnamed statements; naming the hot ones halves their cost (send 3,670 → 7,007/s).
 */
export class Queue {
  readonly #boss: PgBoss;
  readonly #names = new Map<string, string>();

  constructor(connectionString: string, log: Logger, options: { supervise: boolean }) {
    this.#boss = new PgBoss({
      connectionString,
      max: 3,
      application_name: "hookyard-queue",
      supervise: options.supervise,
      schedule: options.supervise,
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
    const { partition = false, ...changeable } = { retentionSeconds: keepForEver, ...options };
    await this.#boss.createQueue(name, { partition, ...changeable });
    // Creating one that exists changes nothing, so that a changed setting would never reach it.
    await this.#boss.updateQueue(name, changeable);
  }

  /** Stores jobs within the caller's transaction. A job whose id is there already is left as it is. */
  async insert(db: Executor, name: string, jobs: readonly NewJob[]): Promise<void> {
    if (jobs.length > 0) await this.#boss.insert(name, jobs as JobInsert[], { db: this.#adapt(db), returnId: false });
  }

  /** Claims up to `limit` jobs, oldest of the highest priority first, passing over the named groups. */
  async fetch(db: Executor, name: string, limit: number, ignoreGroups: readonly string[] = []): Promise<Job[]> {
    const ignored = ignoreGroups.length > 0 ? { ignoreGroups: [...ignoreGroups] } : {};
    return await this.#boss.fetch(name, { batchSize: limit, ...ignored, db: this.#adapt(db) });
  }

  /** Deletes jobs: by id whatever their state, by attempt only while that attempt holds them. */
  async remove(db: Executor, name: string, jobs: readonly string[] | readonly JobAttempt[]): Promise<void> {
    if (jobs.length > 0) await this.#boss.deleteJob(name, jobs as string[] | JobAttempt[], { db: this.#adapt(db) });
  }

  /** Hands jobs that pg-boss gave up on to `settle`, which must commit what it does; they are then forgotten. */
  async onDeadLetter(name: string, settle: (jobs: readonly DeadJob[]) => Promise<void>): Promise<void> {
    const options = { batchSize: 100, pollingIntervalSeconds: 1, includeMetadata: true } as const;
    await this.#boss.work(name, options, async (jobs: JobWithMetadata[]) => {
      const dead = jobs.flatMap((job) =>
        job.sourceId === null || job.sourceName === null
          ? []
          : [{ sourceId: job.sourceId, sourceQueue: job.sourceName }],
      );
      await settle(dead);
    });
  }

  /** Runs `work` on a cron expression (UTC), once over all processes. */
  async onSchedule(name: string, cron: string, work: () => Promise<void>): Promise<void> {
    await this.ensure(name, { retryLimit: 0 });
    await this.#boss.work(name, { pollingIntervalSeconds: 10 }, work);
    await this.#boss.schedule(name, cron);
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
