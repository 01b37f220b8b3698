import { openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { migrate } from "../../src/platform/migrator.ts";
import { createTemplateDatabase } from "./test-database.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer | undefined;

async function prepareTemplate(connectionString: string): Promise<void> {
  const log = createLogger("silent");
  const db = openDatabase(connectionString, 2, log);
  try {
    await migrate(db.kysely, "up", log);
  } finally {
    await db.close();
  }
}

/** Runs once, in mocha's main process; the workers, which are forked later, inherit the environment. */
export async function mochaGlobalSetup(): Promise<void> {
  server = await startTestServer();
  process.env["TEST_DATABASE_URL"] = server.connectionString;
  try {
    await createTemplateDatabase(server.connectionString, prepareTemplate);
  } catch (error) {
    // mocha does not tear down what it could not set up.
    await server.stop();
    throw error;
  }
}

/** Runs once, after the last test of the last worker. */
export async function mochaGlobalTeardown(): Promise<void> {
  await server?.stop();
}
