import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { createTask } from "./create-task.ts";
import type { Execution } from "./execution.ts";
import { getExecution } from "./get-execution.ts";

/** What an agent is to do, and how long its caller waits for it. */
export interface ExecutionRequest {
  /** The agent's name or wire id. */
  readonly agentName: string;
  readonly task: string;
  readonly parameters?: unknown;
  /** Seconds; 0 answers at once. */
  readonly waitSeconds: number;
  /** Ends the wait, not the task. */
  readonly signal: AbortSignal;
}

// Most agents take seconds: the first looks are close together for those that do not, and 500 callers who wait cost a
// thousand reads by primary key a second.
const firstLookMs = 20;
const longestPauseMs = 500;

// The field has another name here.
function inTheirWords(error: unknown): never {
  if (!(error instanceof InvalidError)) throw error;
  const errors = (error.errors ?? []).map(({ path, message }) => ({
    path: path === "agent" ? "agent_name" : path,
    message,
  }));
  throw new InvalidError(error.message, errors, error.code);
}

/**
 * Gives an agent a task and waits for its end. Answers with the execution as it is when it has ended or the time is over;
 * the task goes on either way. Throws what createTask throws.
 */
export async function executeAgent(
  ctx: Context & TaskServices,
  { agentName, task, parameters, waitSeconds, signal }: ExecutionRequest,
): Promise<Execution> {
  const request = { agent: agentName, input: task, ...(parameters === undefined ? {} : { parameters }) };
  const { taskId } = await createTask(ctx, request).catch(inTheirWords);
  // Of the process, not of the hub's clock: it is a client who waits.
  const giveUpAtMs = performance.now() + waitSeconds * 1000;
  for (let pauseMs = firstLookMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const leftMs = giveUpAtMs - performance.now();
    if (leftMs > 0) await delay(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => undefined);
    const execution = await getExecution(ctx, taskId);
    const hasEnded = execution.status === "completed" || execution.status === "failed";
    if (hasEnded || signal.aborted || performance.now() >= giveUpAtMs) return execution;
  }
}
