import type { SettingsOverride } from "../../src/platform/config.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { agentQueue } from "../../src/agents/agent-queue.ts";
import { startTestHub, type TestAnswer, type TestClient, type TestHub } from "./test-hub.ts";

/** A task in a worker's hands, as the lease call gave it. */
export interface Leased {
  readonly task: {
    readonly id: string;
    readonly agent: string;
    readonly priority: number;
    readonly input: string;
    readonly sessionId?: string;
    readonly originMarker: string;
    readonly dependencies?: readonly object[];
    readonly data: Readonly<Record<string, unknown>>;
  };
  readonly leaseToken: string;
  readonly attempt: number;
  readonly leaseExpiresAt: string;
  readonly deadlineAt: string;
  readonly heartbeatAfterSeconds: number;
}

/** What may be said of an agent's limits. */
export interface AgentLimits {
  readonly concurrency?: number;
  readonly timeoutSeconds?: number;
  readonly leaseSeconds?: number;
  readonly maxAttempts?: number;
}

/** A hub with agents that have work, and ways to do it as a worker does. Sweeps and promotions run when they are told to. */
export interface WorkingHub extends AsyncDisposable {
  readonly test: TestHub;
  /** Registers an agent; answers with its name. */
  agent(limits?: AgentLimits): Promise<string>;
  /** Gives the agent a task; answers with its id. */
  task(agent: string, fields?: object): Promise<string>;
  /** Leases through the API, one task at most unless told otherwise. */
  lease(agents: string | readonly string[], options?: object, client?: TestClient): Promise<Leased[]>;
  /** Leases one task of an agent; throws when there is none. */
  leaseOne(agent: string, options?: object): Promise<Leased>;
  /** A worker's call on a task, e.g. `complete`. */
  say(leased: Leased, verb: string, fields?: object, client?: TestClient): Promise<TestAnswer>;
  /** The task as the API shows it. */
  read(taskId: string): Promise<TestAnswer["body"]>;
  /** Everything that is stored of a task, to compare with what it was. */
  stored(taskId: string): Promise<object>;
  /** Types of the messages that were made of a task, in their order. */
  said(taskId: string): Promise<string[]>;
  /** The state of the job that carries the task, if there is one. */
  job(taskId: string): Promise<string | undefined>;
  /** Puts the clock forward and does what is due. */
  pass(seconds: number): Promise<void>;
}

const storedOf = [
  "SELECT * FROM tasks WHERE id = $1",
  "SELECT * FROM task_attempts WHERE task_id = $1 ORDER BY attempt",
  "SELECT * FROM task_events WHERE task_id = $1 ORDER BY attempt, seq",
  "SELECT * FROM artifacts WHERE task_id = $1 ORDER BY id",
  "SELECT * FROM messages WHERE task_id = $1 ORDER BY id",
  "SELECT name, state, retry_count, started_on FROM pgboss.job WHERE id = $1",
];

/** The uuid of a task's wire id. */
export function taskUuid(taskId: string): string {
  const uuid = fromWireId("task", taskId);
  if (uuid === undefined) throw new Error(`not a task's id: ${taskId}`);
  return uuid;
}

/** Starts a hub whose sweeps and promotions wait for `pass`. */
export async function startWorkingHub(settings: SettingsOverride = {}): Promise<WorkingHub> {
  const test = await startTestHub({
    settings: {
      ...settings,
      tasks: { sweepIntervalSeconds: 3600, ...settings.tasks },
      deliveries: { promoteIntervalSeconds: 3600, ...settings.deliveries },
    },
  });
  const { db } = test.hub.services;
  let agents = 0;
  const expect = async (status: number, answer: Promise<TestAnswer>): Promise<TestAnswer["body"]> => {
    const { status: got, body } = await answer;
    if (got !== status) throw new Error(`${got} instead of ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const hub: WorkingHub = {
    test,
    agent: async (limits = {}) => {
      agents += 1;
      const name = `agent-${agents}`;
      await expect(201, test.call("POST", "/api/v1/agents", { name, runner: { type: "pull" }, limits }));
      return name;
    },
    task: async (agent, fields = {}) =>
      (await expect(202, test.call("POST", "/api/v1/tasks", { agent, input: "Do it", ...fields }))).id,
    lease: async (agents, options = {}, client = test.call) => {
      const request = { workerId: "a worker", agents: [agents].flat(), ...options };
      const { status, body } = await client("POST", "/api/v1/worker/lease", request);
      if (status === 204) return [];
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
      return body.tasks;
    },
    leaseOne: async (agent, options = {}) => {
      const [leased] = await hub.lease(agent, options);
      if (leased === undefined) throw new Error(`nothing to lease for ${agent}`);
      return leased;
    },
    say: ({ task, leaseToken }, verb, fields = {}, client = test.call) =>
      client("POST", `/api/v1/worker/tasks/${task.id}/${verb}`, { leaseToken, ...fields }),
    read: (taskId) => expect(200, test.call("GET", `/api/v1/tasks/${taskId}`)),
    stored: async (taskId) =>
      await Promise.all(storedOf.map((text) => db.query<Record<string, unknown>>({ text }, [taskUuid(taskId)]))),
    said: async (taskId) => {
      const text = "SELECT type FROM messages WHERE task_id = $1 ORDER BY id";
      return (await db.query<{ type: string }>({ text }, [taskUuid(taskId)])).map((row) => row.type);
    },
    job: async (taskId) => {
      const text = "SELECT j.state FROM tasks t JOIN pgboss.job j ON j.id = t.id WHERE t.id = $1 AND j.name = $2";
      const [task] = await db.query<{ agent_id: string }>({ text: "SELECT agent_id FROM tasks WHERE id = $1" }, [
        taskUuid(taskId),
      ]);
      const [job] = await db.query<{ state: string }>({ text }, [taskUuid(taskId), agentQueue(task?.agent_id ?? "")]);
      return job?.state;
    },
    pass: async (seconds) => {
      test.clock.advanceBy(seconds);
      await test.hub.processAll();
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
  return hub;
}
