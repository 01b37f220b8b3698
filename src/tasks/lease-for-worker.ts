import { authorise, authoriseAgent } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type AgentNames, agentNameKey } from "../agents/agent-cache.ts";
import { selectEventDocuments, selectEventSizes } from "../events/document-store.ts";
import { InvalidError } from "../lib/errors.ts";
import type { EventDocument } from "../routing/event-document.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { type DependencyResult, selectDependencyResults, selectDependencySizes } from "./dependency-results.ts";
import type { LeasedTask } from "./lease-of-agent.ts";
import { leaseTasksNow } from "./lease-tasks.ts";
import { releaseTask } from "./release-task.ts";
import type { TaskWaiters } from "./task-waiters.ts";

/** What a worker asks for. */
export interface WorkerLease {
  readonly workerId: string;
  /** Names of agents. */
  readonly agents: readonly string[];
  readonly max: number;
  readonly waitSeconds: number;
  readonly leaseSeconds?: number | undefined;
}

/** A leased task and the event it came from, unless retention has taken that. */
export interface LeasedWork {
  readonly task: LeasedTask;
  readonly event: EventDocument | undefined;
  /** What came of the tasks that it depends on, in the order in which it names them. */
  readonly dependencies: readonly DependencyResult[];
}

async function resolveAgents(ctx: Context, names: AgentNames, wanted: readonly string[]): Promise<string[]> {
  const unique = [...new Set(wanted)];
  const { projectId } = ctx.actor;
  const ids = await names.getMany(
    ctx.db,
    unique.map((name) => agentNameKey(projectId, name)),
  );
  return unique.map((name) => {
    const id = ids.get(agentNameKey(projectId, name));
    if (id !== undefined) return id;
    const path = `agents.${wanted.indexOf(name)}`;
    throw new InvalidError("There is no such agent.", [{ path, message: "no agent has this name" }]);
  });
}

const maxEventBytes = 16 * 1024 * 1024;

function eventIdsOf(tasks: readonly LeasedTask[]): string[] {
  return tasks.flatMap((task) => (task.event === null ? [] : [task.event.id]));
}

// The tasks are leased and nobody has them in hand: they would be gone until their leases lapse, at the cost of an attempt.
async function giveBack(ctx: Context & TaskServices, tasks: readonly LeasedTask[]): Promise<void> {
  for (const { id: taskId, leaseToken } of tasks)
    await releaseTask(ctx, { actor: ctx.actor, taskId, leaseToken }).catch((err: unknown) =>
      ctx.log.warn({ unit: "lease", err }, "a task that could not be handed over waits until its lease lapses"),
    );
}

function dependenciesOf(tasks: readonly LeasedTask[]): string[] {
  return [...new Set(tasks.flatMap((task) => task.dependsOn))];
}

// A hundred events of ten megabytes would be a gigabyte in memory. The first task is handed over whatever comes with it.
async function countFitting(ctx: Context, tasks: readonly LeasedTask[]): Promise<number> {
  if (tasks.length <= 1) return tasks.length;
  const sizes = await selectEventSizes(ctx.db, eventIdsOf(tasks));
  const resultSizes = await selectDependencySizes(ctx.db, dependenciesOf(tasks));
  let bytes = 0;
  const tooMuch = tasks.findIndex((task, index) => {
    bytes += sizes.get(task.event?.id ?? "") ?? 0;
    for (const id of task.dependsOn) bytes += resultSizes.get(id) ?? 0;
    return index > 0 && bytes > maxEventBytes;
  });
  return tooMuch === -1 ? tasks.length : tooMuch;
}

/**
 * Leases tasks for a worker, waiting up to `waitSeconds` for some. Throws ForbiddenError for an agent that the credential
 * is not for, InvalidError for one that does not exist. The events, and the results of dependencies, are read after the lease
 * has committed. What cannot be handed over is given back: the worker has gone away meanwhile (`isGone`), or they are too
 * large together.
 */
export async function leaseForWorker(
  ctx: Context & TaskServices,
  names: AgentNames,
  waiters: TaskWaiters,
  request: WorkerLease,
  caller: { readonly signal: AbortSignal; readonly isGone: () => boolean },
): Promise<LeasedWork[]> {
  authorise(ctx.actor, "worker:lease");
  for (const name of request.agents) authoriseAgent(ctx.actor, name);
  const agentIds = await resolveAgents(ctx, names, request.agents);
  const { workerId, max, leaseSeconds } = request;
  const leaseNow = async (): Promise<LeasedTask[]> => {
    // Anew each time: their limits may change while the worker waits.
    const agents = [...(await ctx.agents.getMany(ctx.db, agentIds)).values()];
    const options = leaseSeconds === undefined ? {} : { leaseSeconds };
    return await leaseTasksNow(ctx, { actor: ctx.actor, workerId, agents, max, ...options });
  };
  const lease = (): Promise<readonly LeasedTask[]> => {
    ctx.presence.note(ctx.actor.projectId, workerId, request.agents);
    // Who does not wait is told what there is now.
    return request.waitSeconds > 0 ? waiters.quiet.look(agentIds, leaseNow) : leaseNow();
  };
  const tasks = await waiters.until(agentIds, lease, request.waitSeconds * 1000, caller.signal);
  let handedOver = 0;
  try {
    const fitting = tasks.slice(0, await countFitting(ctx, tasks));
    const documents = await selectEventDocuments(ctx.db, eventIdsOf(fitting));
    const results = await selectDependencyResults(ctx.db, dependenciesOf(fitting));
    if (caller.isGone()) return [];
    handedOver = fitting.length;
    return fitting.map((task) => ({
      task,
      event: documents.get(task.event?.id ?? ""),
      dependencies: task.dependsOn.map((id) => results.get(id)).filter((result) => result !== undefined),
    }));
  } finally {
    await giveBack(ctx, tasks.slice(handedOver));
  }
}
