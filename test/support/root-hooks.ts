import { openDatabase } from "../../src/platform/database.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { migrate } from "../../src/platform/migrator.ts";
import { Queue } from "../../src/platform/queue.ts";
import { createTemplateDatabase } from "./test-database.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer | undefined;

async function prepareTemplate(connectionString: string): Promise<void> {
  const log = createLogger("silent");
  const db = openDatabase(connectionString, 2, log);
  try {
    await migrate(db.kysely, "up", log);
    // pg-boss' schema as well: installing it takes longer than all the rest of a hub's start.
    const queue = new Queue(connectionString, log, { supervise: false });
    await queue.start();
    await queue.stop();
  } finally {
    await db.close();
  }
}

/** Runs once, in mocha's main process; the workers, which are forked later, inherit the environment. */
export async function mochaGlobalSetup(): Promise<void> {
  const started = await startTestServer();
  server = started;
  // mocha tears nothing down when it is interrupted; what SIGKILL leaves behind, the next run removes.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => void started.stop().finally(() => process.exit(1)));
  process.env["TEST_DATABASE_URL"] = started.connectionString;
  try {
    await createTemplateDatabase(started.connectionString, prepareTemplate);
  } catch (error) {
    // mocha does not tear down what it could not set up.
    await started.stop();
    throw error;
  }
}

/** Runs once, after the last test of the last worker. */
export async function mochaGlobalTeardown(): Promise<void> {
  await server?.stop();
}
