import { createProject } from "../../src/access/create-project.ts";
import { createHub, type Hub, type HubRole } from "../../src/hub.ts";
import { toWireId } from "../../src/lib/ids.ts";
import { loadConfig, type SettingsOverride } from "../../src/platform/config.ts";
import { createLogger, type Logger } from "../../src/platform/logger.ts";
import { generateMasterKey } from "../../src/platform/master-keys.ts";
import { RunningTestClock } from "./test-clock.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

/** Parsed JSON, for tests that pick fields out of answers of every form. */
type Json = ReturnType<typeof JSON.parse>;

/** An answer of the hub, its body parsed where it is JSON. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** Calls the API of a hub with one credential. */
export type TestClient = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<TestAnswer>;

/** A whole hub on a database of its own, with a project and its owner's client. */
export interface TestHub extends AsyncDisposable {
  readonly hub: Hub;
  readonly url: string;
  readonly clock: RunningTestClock;
  readonly database: TestDatabase;
  /** Calls as the owner of the test's project. */
  readonly call: TestClient;
  readonly projectId: string;
  /** A client with another credential; without one when it is undefined. */
  as(key: string | undefined): TestClient;
  /** Calls another process' hub as the owner. */
  at(url: string): TestClient;
  /** A key of the test's project with this role. */
  keyFor(role: string, agents?: readonly string[]): Promise<string>;
  /** The owner's client of a further project. */
  inAnotherProject(): Promise<TestClient>;
  /** One more process' worth of hub on the same database. */
  startAnother(role?: HubRole): Promise<Hub>;
}

/** What a test wants of its hub. */
export interface TestHubOptions {
  readonly settings?: SettingsOverride;
  readonly role?: HubRole;
  readonly log?: Logger;
}

/** A client of the hub at `url` with this credential, or without one. */
export function clientOf(url: string, key: string | undefined): TestClient {
  return async (method, path, body, headers) => {
    const isBytes = body instanceof Uint8Array;
    const response = await fetch(url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined || isBytes ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isBytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== "" ? JSON.parse(text) : text,
    };
  };
}

/** Starts a hub on port 0 that may deliver to loopback. Its time is the test's: `clock` runs, and can be put forward. */
export async function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const database = await createTestDatabase();
  const clock = new RunningTestClock();
  const log = options.log ?? createLogger(process.env["TEST_LOG_LEVEL"] ?? "silent");
  const environment = {
    PORT: "0",
    HOST: "127.0.0.1",
    DATABASE_URL: database.connectionString,
    HOOKYARD_MASTER_KEY: generateMasterKey(),
    HOOKYARD_ADMIN_KEY: `admin-${generateMasterKey()}`,
    HOOKYARD_DELIVERY_ALLOW: "127.0.0.0/8,::1/128",
  };
  const config = loadConfig(environment, options.settings);
  const start = (role: HubRole): Promise<Hub> => createHub(config, { clock, log, role });
  const hubs = [await start(options.role ?? "all")];
  const [hub] = hubs as [Hub];
  const project = await createProject(hub.services, "Test");
  const call = clientOf(hub.url, project.ownerKey);
  return {
    hub,
    url: hub.url,
    clock,
    database,
    call,
    projectId: toWireId("project", project.id),
    as: (key) => clientOf(hub.url, key),
    at: (url) => clientOf(url, project.ownerKey),
    keyFor: async (role, agents) => {
      const answer = await call("POST", "/api/v1/keys", { name: `a ${role}`, role, ...(agents ? { agents } : {}) });
      if (answer.status !== 201) throw new Error(`no key: ${JSON.stringify(answer.body)}`);
      return answer.body.key;
    },
    inAnotherProject: async () => clientOf(hub.url, (await createProject(hub.services, "Other")).ownerKey),
    startAnother: async (role = "all") => {
      const another = await start(role);
      hubs.push(another);
      return another;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(hubs.map((each) => each.stop()));
      await database.drop();
    },
  };
}
