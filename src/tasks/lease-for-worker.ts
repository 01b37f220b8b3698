import { authorise, authoriseAgent } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type AgentNames, agentNameKey, type AgentRecord } from "../agents/agent-cache.ts";
import { selectEventDocuments } from "../events/document-store.ts";
import { InvalidError } from "../lib/errors.ts";
import type { EventDocument } from "../routing/event-document.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { type LeasedTask, leaseTasksNow } from "./lease-tasks.ts";
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

/**
 * Leases tasks for a worker, waiting up to `waitSeconds` for some. Throws ForbiddenError for an agent that the credential
 * is not for, InvalidError for one that does not exist. The events are read after the lease has committed.
 */
export async function leaseForWorker(
  ctx: Context & TaskServices,
  names: AgentNames,
  waiters: TaskWaiters,
  request: WorkerLease,
  signal: AbortSignal,
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
  const tasks = await waiters.until(
    agents.map((agent) => agent.id),
    lease,
    request.waitSeconds * 1000,
    signal,
  );
  const documents = await selectEventDocuments(
    ctx.db,
    tasks.flatMap((task) => (task.event === null ? [] : [task.event.id])),
  );
  return tasks.map((task) => ({ task, event: task.event === null ? undefined : documents.get(task.event.id) }));
}
