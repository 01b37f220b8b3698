import pg from "pg";
import type { TestDatabase } from "./test-database.ts";

/** Takes a test's database away while `work` runs, as a failover does: its connections break, and new ones are refused. */
export async function withoutDatabase({ connectionString }: TestDatabase, work: () => Promise<void>): Promise<void> {
  const url = new URL(connectionString);
  const name = url.pathname.slice(1);
  url.pathname = "/postgres";
  const admin = new pg.Client(url.href);
  await admin.connect();
  try {
    // Only a database that nobody uses can be renamed, and a hub connects anew at once.
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await admin.query("SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = $1", [name]);
    await admin.query(`ALTER DATABASE ${name} RENAME TO ${name}_away`);
    await work();
  } finally {
    await admin.query(`ALTER DATABASE ${name}_away RENAME TO ${name}`);
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await admin.end();
  }
}
