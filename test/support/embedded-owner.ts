import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** What a process that tried to own an embedded Postgres said: where the server is, or why there is none. */
interface OwnerReport {
  readonly connectionString?: string;
  readonly adopted?: boolean;
  readonly directory?: string;
  readonly code?: string;
  readonly message?: string;
}

/** A process of its own that runs startEmbeddedPostgres, as a hub does. */
export interface EmbeddedOwner {
  readonly pid: number;
  readonly report: OwnerReport;
  readonly child: ChildProcess;
  /** Lets it call stop() and end. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL, so that its server is orphaned. */
  kill(): Promise<void>;
}

const embeddedPostgres = new URL("../../src/platform/embedded-postgres.ts", import.meta.url).href;
const logger = new URL("../../src/platform/logger.ts", import.meta.url).href;

// On SIGINT, which it shares with its process group, it uses the database once more, as a hub that drains does.
const program = `
  import pg from "pg";
  import { startEmbeddedPostgres } from ${JSON.stringify(embeddedPostgres)};
  import { createLogger } from ${JSON.stringify(logger)};
  const say = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
  const [dataDir, settings] = process.argv.slice(1);
  try {
    const { stop, ...report } = await startEmbeddedPostgres({
      dataDir, settings: JSON.parse(settings), log: createLogger("silent"),
    });
    process.stdin.resume().once("end", stop);
    process.once("SIGINT", async () => {
      const client = new pg.Client(report.connectionString);
      await client.connect();
      const { rows } = await client.query("SELECT 'drained' AS message");
      await client.end();
      await stop();
      say(rows[0]);
      process.exit();
    });
    say(report);
  } catch (error) {
    say({ code: error.code, message: error.message });
  }
`;

/** Starts such a process and waits for what it says. It leads its own process group. `uid` needs root. */
export async function startOwner(
  dataDir: string,
  { uid, umask }: { readonly uid?: number; readonly umask?: number } = {},
): Promise<EmbeddedOwner> {
  const before = umask === undefined ? undefined : process.umask(umask);
  const args = ["--input-type=module", "-e", program, dataDir, JSON.stringify({ fsync: "off" })];
  const child = spawn(process.execPath, args, {
    cwd: new URL("../..", import.meta.url),
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (before !== undefined) process.umask(before);
  await once(child, "spawn");
  const exited = once(child, "exit");
  const line = await Promise.race([once(createInterface(child.stdout), "line"), exited.then(() => ["{}"])]);
  return {
    pid: child.pid ?? 0,
    report: JSON.parse(String(line[0])) as OwnerReport,
    child,
    stop: async () => {
      child.stdin.end();
      await exited;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
