import { authorise, authoriseAgent } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type AgentNames, agentNameKey, type AgentRecord } from "../agents/agent-cache.ts";
import { selectEventDocuments } from "../events/document-store.ts";
import { InvalidError } from "../lib/errors.ts";
import type { EventDocument } from "../routing/event-document.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { type LeasedTask, leaseTasksNow } from "./lease-tasks.ts";
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
}

async function resolveAgents(
  ctx: Context & TaskServices,
  names: AgentNames,
  wanted: readonly string[],
): Promise<AgentRecord[]> {
  const unique = [...new Set(wanted)];
  const { projectId } = ctx.actor;
  const ids = await names.getMany(
    ctx.db,
    unique.map((name) => agentNameKey(projectId, name)),
  );
  const records = await ctx.agents.getMany(ctx.db, ids.values());
  return unique.map((name) => {
    const record = records.get(ids.get(agentNameKey(projectId, name)) ?? "");
    if (record !== undefined) return record;
    const path = `agents.${wanted.indexOf(name)}`;
    throw new InvalidError("There is no such agent.", [{ path, message: "no agent has this name" }]);
  });
}

// The tasks are leased and nobody has them in hand: they would be gone until their leases lapse, at the cost of an attempt.
async function giveBack(ctx: Context & TaskServices, tasks: readonly LeasedTask[]): Promise<void> {
  for (const { id: taskId, leaseToken } of tasks)
    await releaseTask(ctx, { actor: ctx.actor, taskId, leaseToken }).catch((err: unknown) =>
      ctx.log.warn({ unit: "lease", err }, "a task that could not be handed over waits until its lease lapses"),
    );
}

/**
 * Leases tasks for a worker, waiting up to `waitSeconds` for some. Throws ForbiddenError for an agent that the credential
 * is not for, InvalidError for one that does not exist. The events are read after the lease has committed. When the worker
 * has gone away meanwhile (`isGone`), what was leased for it is given back.
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
  const agents = await resolveAgents(ctx, names, request.agents);
  const lease = (): Promise<LeasedTask[]> =>
    leaseTasksNow(ctx, {
      actor: ctx.actor,
      workerId: request.workerId,
      agents,
      max: request.max,
      ...(request.leaseSeconds === undefined ? {} : { leaseSeconds: request.leaseSeconds }),
    });
  const agentIds = agents.map((agent) => agent.id);
  const tasks = await waiters.until(agentIds, lease, request.waitSeconds * 1000, caller.signal);
  try {
    const eventIds = tasks.flatMap((task) => (task.event === null ? [] : [task.event.id]));
    const documents = await selectEventDocuments(ctx.db, eventIds);
    if (!caller.isGone())
      return tasks.map((task) => ({ task, event: task.event === null ? undefined : documents.get(task.event.id) }));
  } catch (error) {
    await giveBack(ctx, tasks);
    throw error;
  }
  await giveBack(ctx, tasks);
  return [];
}
