import { Kysely, PostgresDialect, type PostgresPoolClient } from "kysely";
import pg from "pg";
import { HubError, UnavailableError } from "../lib/errors.ts";
import type { Logger } from "./logger.ts";
import type { Tables } from "./tables.ts";

/** A statement. A named one is prepared once per connection (about 2× for small ones), so its text must be constant. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

/** Runs statements, on the pool or inside one transaction. */
export interface Executor {
  /** For configuration and look-ups: kysely sends no prepared statements. */
  readonly kysely: Kysely<Tables>;
  /** For hot statements. Throws UnavailableError when the database is away, else the pg error. */
  query<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

/** One open transaction. */
export interface Transaction extends Executor {
  /** Runs once the transaction has committed, and never when it has not. */
  afterCommit(callback: () => void): void;
}

/** The pool. */
export interface Database extends Executor {
  /** Commits when `work` resolves, rolls back when it rejects. No network call belongs inside. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Connections in use, idle and waited for. */
  pressure(): { readonly total: number; readonly idle: number; readonly waiting: number };
  close(): Promise<void>;
}

// SQLSTATE classes that mean "not now": connection trouble, a log-in that is refused or a database that is gone, shutdown,
// a statement that took too long, no disk, memory or connection left, a standby.
const unavailableStates = /^(08|28|3D|53|57P0[1-5]|57014|25006|25P03)/;

/** Whether an error means that the database is away, rather than that a statement was wrong. */
function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? String(error.code) : "";
  // The system's come first, for EPIPE looks like an SQLSTATE.
  if (/^E(AI_)?[A-Z]+$/.test(code)) return true;
  if (/^[0-9A-Z]{5}$/.test(code)) return unavailableStates.test(code);
  return /terminated|timeout|closed|not queryable|after calling end/i.test(error.message);
}

// A primary that became a standby keeps its connections, and each would go on refusing to write.
function outlived(error: unknown): Error | undefined {
  const original = error instanceof UnavailableError ? error.cause : error;
  return original instanceof pg.DatabaseError && original.code === "25006" ? original : undefined;
}

function translate(error: unknown): unknown {
  if (error instanceof HubError || !isUnavailable(error)) return error;
  return new UnavailableError("database_unavailable", "The database cannot be reached; try again shortly.", {
    retryAfterSeconds: 5,
    cause: error,
  });
}

async function run<Row extends object>(
  client: pg.Pool | pg.PoolClient,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    // A text without values may hold several commands, which only the simple protocol takes.
    const result =
      values.length === 0 && statement.name === undefined
        ? await client.query<Row>(statement.text)
        : await client.query<Row>({ ...statement, values: values as unknown[] });
    return result.rows;
  } catch (error) {
    throw translate(error);
  }
}

/** Connections, one borrower at a time. */
interface Lender {
  readonly borrow: () => Promise<pg.PoolClient>;
  /** With what broke the connection, if something did: then it is closed. */
  readonly giveBack: (client: pg.PoolClient, broken?: Error) => void;
}

function lenderOf(pool: pg.Pool): Lender {
  // A connection that breaks while it is lent out raises "error", which ends the process if nobody listens.
  const ignore = (): void => {};
  return {
    async borrow() {
      try {
        return (await pool.connect()).on("error", ignore);
      } catch (error) {
        throw translate(error);
      }
    },
    giveBack: (client, broken) => client.off("error", ignore).release(broken),
  };
}

// Kysely over connections that we hand out, so that its errors are translated like those of `query`.
function kyselyOver({ borrow, giveBack }: Lender): Kysely<Tables> {
  const pool = {
    options: {},
    end: () => Promise.resolve(),
    connect: async () => {
      const client = await borrow();
      let broken: Error | undefined;
      const query = (text: string, values: readonly unknown[]): Promise<unknown> =>
        client.query(text, values as unknown[]).catch((error: unknown) => {
          broken = outlived(error);
          throw translate(error);
        });
      return { query, release: () => giveBack(client, broken) } as PostgresPoolClient;
    },
  };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

class OpenTransaction implements Transaction {
  readonly #client: pg.PoolClient;
  readonly #callbacks: (() => void)[] = [];
  #kysely: Kysely<Tables> | undefined;
  #ended = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  // Made only when asked for: the hot paths never do.
  get kysely(): Kysely<Tables> {
    return (this.#kysely ??= kyselyOver({ borrow: () => Promise.resolve(this.#client), giveBack: () => {} }));
  }

  async query<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    // The connection is somebody else's by then: the statement would commit with their transaction, or alone.
    if (this.#ended) throw new Error("a statement came after the end of its transaction");
    return await run<Row>(this.#client, statement, values);
  }

  afterCommit(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  end(): void {
    this.#ended = true;
  }

  committed(): void {
    for (const callback of this.#callbacks) callback();
  }
}

/** Opens a pool of at most `poolSize` connections. Nothing connects before the first statement. */
export function openDatabase(connectionString: string, poolSize: number, log: Logger): Database {
  const pool = new pg.Pool({
    connectionString,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
    // Statements that are handed over together travel together; one that is awaited before the next is as ever.
    pipeline: true,
    application_name: "hookyard",
  });
  pool.on("error", (err) => {
    // A pool has ended before its connections have: Postgres, told to stop next, may still hang up on one.
    if (!pool.ending) log.warn({ unit: "database", err }, "idle database connection lost");
  });
  const lender = lenderOf(pool);

  return {
    kysely: kyselyOver(lender),
    query: (statement, values) => run(pool, statement, values),

    async transaction(work) {
      const client = await lender.borrow();
      const tx = new OpenTransaction(client);
      let broken: Error | undefined;
      let result;
      try {
        // Awaited: were it canceled alone, the statements sent behind it would each commit by themselves, and COMMIT, with
        // no transaction to end, would still answer COMMIT.
        await client.query("BEGIN");
        result = await work(tx);
        tx.end();
        // COMMIT of a transaction that Postgres has already aborted answers ROLLBACK, and no error.
        const { command } = await client.query("COMMIT");
        if (command !== "COMMIT") throw new Error(`the transaction ended with ${command}`);
      } catch (error) {
        broken = outlived(error);
        tx.end();
        await client.query("ROLLBACK").catch((rollbackError: unknown) => {
          broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
        });
        throw translate(error);
      } finally {
        lender.giveBack(client, broken);
      }
      tx.committed();
      return result;
    },

    pressure: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => pool.end(),
  };
}
