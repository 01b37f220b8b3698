import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { encodeRequest } from "./http-connection.ts";
import type { Program } from "./program.ts";

// What would stop one load generator from being as busy as a thousand senders; all else is as the hub comes.
const settings = {
  inbound: { rateLimitPerSecond: 1_000_000 },
  api: { rateLimitPerSecond: 1_000_000 },
};

const adminKey = randomBytes(32).toString("hex");
const masterKey = randomBytes(32).toString("hex");

/** A hub in a process of its own. */
export interface Hub {
  readonly program: Program;
  /** Calls the admin API; throws for anything but a 2xx. */
  call<Result>(method: string, path: string, body: object): Promise<Result>;
  /** The bytes of such a call, for the paths that are measured. */
  encodeCall(path: string, body: object, key?: string): Buffer;
}

// Node's arguments as `npm start` has them: what it does to the heap counts.
async function startArguments(): Promise<string[]> {
  const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  const { scripts } = JSON.parse(manifest) as { scripts: { start: string } };
  return scripts.start.replace(/^(exec )?node /, "").split(" ");
}

/**
 * Starts a hub on this database and waits until it is ready, if it answers at all. Hubs of one bench share their keys.
 * `runners` are settings of its own runners.
 */
export async function startHub(
  bench: Bench,
  databaseUrl: string,
  role: "all" | "web" | "worker" = "all",
  runners: object = {},
): Promise<Hub> {
  const configFile = join(bench.directory, "hub.yaml");
  await writeFile(configFile, JSON.stringify({ ...settings, runners }));
  const program = await bench.startProgram({
    name: "hub",
    arguments: [...(await startArguments()), "--role", role],
    environment: {
      DATABASE_URL: databaseUrl,
      HOOKYARD_ADMIN_KEY: adminKey,
      HOOKYARD_MASTER_KEY: masterKey,
      HOOKYARD_DELIVERY_ALLOW: "127.0.0.0/8",
      HOOKYARD_CONFIG: configFile,
    },
  });
  // A hub that only works in the background listens on no port.
  if (role !== "worker") await program.ready();
  return {
    program,
    async call<Result>(method: string, path: string, body: object): Promise<Result> {
      const response = await fetch(new URL(path, program.url), {
        method,
        headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
      return JSON.parse(text) as Result;
    },
    encodeCall: (path, body, key = adminKey) =>
      encodeRequest(
        "POST",
        new URL(path, program.url),
        [`Authorization: Bearer ${key}`, "Content-Type: application/json"],
        Buffer.from(JSON.stringify(body)),
      ),
  };
}

/** Makes a GitHub source whose pushes become tasks for a pull agent, and answers the source's path. */
export async function preparePushSource(hub: Hub, secret: string): Promise<string> {
  const agent = { name: pushAgent, runner: { type: "pull" } };
  const source = { name: "bench", provider: "github", secrets: [secret] };
  await hub.call("POST", "/api/v1/agents", agent);
  const { id } = await hub.call<{ id: string }>("POST", "/api/v1/sources", source);
  await hub.call("POST", "/api/v1/routes", {
    name: "pushes",
    sourceId: id,
    match: { type: ["push"] },
    agent: pushAgent,
    task: {
      input: "Review ${event.body.compare} on ${event.body.ref} of ${event.body.repository.full_name}",
    },
  });
  return `/in/${id}`;
}

/** The agent that gets the pushes. */
export const pushAgent = "reviewer";
