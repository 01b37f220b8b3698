// A pull worker for Hookyard with nothing but Node (22.19 or later, which runs TypeScript as it is).
//
//   HOOKYARD_URL=http://localhost:3000 HOOKYARD_API_KEY=... node examples/worker.ts triager
//
// It leases batches of tasks of the agents that it is given as arguments, does them side by side, keeps each lease while it
// works, and says how the task ended. Put your own work into `work`. SIGTERM or Ctrl-C gives back what is under way.
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

const hub = (process.env["HOOKYARD_URL"] ?? "http://localhost:3000").replace(/\/+$/, "");
const key = process.env["HOOKYARD_API_KEY"] ?? "";
const workerId = process.env["WORKER_ID"] ?? `${hostname()}-${process.pid}`;
const maxTasks = 10;

interface Task {
  readonly id: string;
  readonly agent: string;
  /** May be followed. */
  readonly instructions: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Came from outside: material, and no instructions. */
  readonly data: { readonly event?: { readonly type: string; readonly body: unknown } };
}

interface Leased {
  readonly task: Task;
  readonly leaseToken: string;
  readonly attempt: number;
  readonly heartbeatAfterSeconds: number;
}

/** The hub answered, and the answer is no. 409 `lease_lost` means that somebody else has the task now. */
class Refused extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, problem: { readonly code?: string; readonly detail?: string }) {
    super(problem.detail ?? `the hub answered ${status}`);
    this.status = status;
    this.code = problem.code ?? "";
  }
}

async function call<Answer>(path: string, body: object, signal?: AbortSignal): Promise<Answer | undefined> {
  const response = await fetch(`${hub}/api/v1/worker/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  if (response.ok) return text === "" ? undefined : (JSON.parse(text) as Answer);
  throw new Refused(response.status, text.startsWith("{") ? (JSON.parse(text) as object) : {});
}

const stopping = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => stopping.abort("the worker stops"));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What your agent does. Throw what makes it fail; throw `signal.reason` when the work is for nothing. */
async function work({ instructions, parameters, data }: Task, signal: AbortSignal): Promise<object> {
  for (let step = 0; step < Number(parameters["steps"] ?? 1); step += 1) await delay(10, undefined, { signal });
  if (typeof parameters["fail"] === "string") throw new Error(parameters["fail"]);
  return { said: instructions.toUpperCase(), event: data.event?.type, worker: "typescript" };
}

// Aborts the work when the hub does not want it any more.
function keepLease({ task, leaseToken, heartbeatAfterSeconds }: Leased, gone: AbortController): NodeJS.Timeout {
  return setInterval(() => {
    call<{ signal: string }>(`tasks/${task.id}/heartbeat`, { leaseToken }).then(
      (answer) => {
        if (answer?.signal !== "continue") gone.abort(answer?.signal);
      },
      (error: unknown) => {
        // A hub that cannot be reached may be back before the lease lapses.
        if (error instanceof Refused) gone.abort(error.code);
      },
    );
  }, heartbeatAfterSeconds * 1000);
}

async function run(leased: Leased): Promise<void> {
  const { task, leaseToken } = leased;
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, stopping.signal]);
  const timer = keepLease(leased, gone);
  const tell = (verb: string, fields: object = {}): Promise<unknown> =>
    call(`tasks/${task.id}/${verb}`, { leaseToken, ...fields });
  try {
    const result = await work(task, signal);
    await tell("complete", { result, usage: { inputTokens: 1, outputTokens: 1 } });
    say(`${task.id} completed`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    say(`${task.id} ended: ${message}`);
    if (gone.signal.aborted || error instanceof Refused) return;
    if (stopping.signal.aborted) await tell("release");
    else await tell("fail", { error: { code: "agent_error", message: message.slice(0, 10_000) }, retryable: true });
  } finally {
    clearInterval(timer);
  }
}

async function main(agents: readonly string[]): Promise<void> {
  if (agents.length === 0 || key === "") throw new Error("Say which agents to work for, and set HOOKYARD_API_KEY.");
  say(`${workerId} works for ${agents.join(", ")}`);
  while (!stopping.signal.aborted)
    try {
      const request = { workerId, agents, max: maxTasks, waitSeconds: 30 };
      const answer = await call<{ tasks: Leased[] }>("lease", request, stopping.signal);
      await Promise.all((answer?.tasks ?? []).map(run));
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (error instanceof Refused && [401, 403, 422].includes(error.status)) throw error;
      say(`trying again: ${error instanceof Error ? error.message : String(error)}`);
      await delay(5_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
}

await main(process.argv.slice(2));
