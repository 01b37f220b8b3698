import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { InvalidError, UnavailableError } from "../lib/errors.ts";
import type { Logger } from "./logger.ts";

const pauseMs = 500;
const attemptMs = 5_000;

// A log-in that is refused, or a database that does not exist, does not get better by waiting.
const hopeless = /^(28|3D)/;

/** How long a start waits for its database. */
interface DatabaseWait {
  readonly seconds: number;
  readonly log: Logger;
  /** Ends the wait, because the start is called off. */
  readonly signal: AbortSignal | undefined;
}

function createClient(connectionString: string): pg.Client {
  try {
    return new pg.Client({ connectionString, connectionTimeoutMillis: attemptMs });
  } catch {
    const message = "is not a URL that Postgres understands; percent-encode special characters in the password";
    throw new InvalidError(`DATABASE_URL ${message}.`, [{ path: "DATABASE_URL", message }], "bad_config");
  }
}

// Undefined when the database answered.
async function tryToConnect(client: pg.Client): Promise<Error | undefined> {
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("SELECT 1");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await client.end().catch(() => undefined);
  }
}

// Both addresses of a name that refuse make an AggregateError, which has a code and no message.
function reasonOf(error: Error): string {
  return error.message === "" && "code" in error ? String(error.code) : error.message;
}

/**
 * Resolves when the database takes connections. Whoever starts the hub together with its Postgres, as compose does, starts
 * it too early: what can pass is tried again for `seconds`. Throws UnavailableError `database_unavailable`, which names the
 * address without its password, or InvalidError for a DATABASE_URL that is none.
 */
export async function waitForDatabase(connectionString: string, { seconds, log, signal }: DatabaseWait): Promise<void> {
  const giveUpAtMs = performance.now() + seconds * 1000;
  for (;;) {
    const client = createClient(connectionString);
    const error = await tryToConnect(client);
    if (error === undefined) return;
    const where = `${client.host}:${client.port}/${client.database ?? ""}`;
    const isHopeless = "code" in error && hopeless.test(String(error.code));
    if (isHopeless || performance.now() + pauseMs > giveUpAtMs)
      throw new UnavailableError(
        "database_unavailable",
        `The database at ${where} cannot be used: ${reasonOf(error)}. Is it up, and is DATABASE_URL right?`,
        { cause: error },
      );
    log.warn(
      { unit: "start", host: client.host, port: client.port, reason: reasonOf(error) },
      "waiting for the database",
    );
    await delay(pauseMs, undefined, { signal });
  }
}
