import { type Database, openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { generateMasterKey } from "../../src/platform/master-keys.ts";
import { createTestDatabase } from "./test-database.ts";

/** A database that hubs in processes of their own share, seen from the test as well. */
export interface HubDatabase extends AsyncDisposable {
  readonly adminKey: string;
  readonly connectionString: string;
  /** For each hub that is to use it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly db: Database;
  /** The rows that a statement answers with. */
  rows<Row extends object>(text: string): Promise<Row[]>;
  /** Asks until the statement answers with `true`. Throws after `seconds` with what `explain` answers with. */
  until(text: string, seconds: number, explain?: string): Promise<void>;
}

/** Makes such a database, with the schema, or `empty`. */
export async function createHubDatabase({ empty = false } = {}): Promise<HubDatabase> {
  const { connectionString, drop } = await createTestDatabase({ empty });
  const db = openDatabase(connectionString, 4, createLogger("silent"));
  const adminKey = `admin-${generateMasterKey()}`;
  const rows = <Row extends object>(text: string): Promise<Row[]> => db.query<Row>({ text }, []);
  return {
    adminKey,
    connectionString,
    environment: {
      DATABASE_URL: connectionString,
      HOOKYARD_ADMIN_KEY: adminKey,
      HOOKYARD_MASTER_KEY: generateMasterKey(),
    },
    db,
    rows,
    async until(text, seconds, explain = text) {
      const giveUpAtMs = performance.now() + seconds * 1000;
      for (;;) {
        const [row] = await rows<Record<string, unknown>>(text);
        if (Object.values(row ?? {})[0] === true) return;
        if (performance.now() > giveUpAtMs)
          throw new Error(`not so after ${seconds} s: ${text}\n${JSON.stringify(await rows(explain), undefined, 1)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async [Symbol.asyncDispose]() {
      await db.close();
      await drop();
    },
  };
}
