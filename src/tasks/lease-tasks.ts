import { type AgentRecord, leasableAgents } from "../agents/agent-cache.ts";
import { agentQueue } from "../agents/agent-queue.ts";
import type { Transaction } from "../platform/database.ts";
import { announceTasks, type TaskServices } from "./announce-tasks.ts";
import { findFreePlaces } from "./free-places.ts";
import { type Lease, type LeasedTask, type Leaser, leaseOfAgent, type Share } from "./lease-of-agent.ts";

/** Who leases what. */
interface LeaseRequest extends Leaser {
  readonly agents: readonly AgentRecord[];
  readonly max: number;
  /** How many of an agent's tasks at most, by its id. */
  readonly room?: ReadonlyMap<string, number>;
}

// A worker that serves several agents gets what a worker that serves one agent with all their tasks would: by priority,
// then age. With one agent its queue says so itself.
async function divide(
  tx: Transaction,
  services: TaskServices,
  open: readonly Share[],
  max: number,
): Promise<readonly Share[]> {
  if (open.length <= 1) return open;
  const queues = open.map(({ agent, limit }) => ({ name: agentQueue(agent.id), limit }));
  const ready = await services.queue.ready(tx, queues, max);
  return open
    .map(({ agent }) => ({ agent, limit: ready.get(agentQueue(agent.id)) ?? 0 }))
    .filter(({ limit }) => limit > 0);
}

/** Leases up to `max` tasks and answers with what there was, without waiting: highest priority first, then oldest. */
export async function leaseTasksNow(services: TaskServices, request: LeaseRequest): Promise<LeasedTask[]> {
  const { max, room } = request;
  const agents = leasableAgents(request.agents, services.clock.now());
  if (agents.length === 0) return [];
  return await services.db.transaction(async (tx) => {
    const places = await findFreePlaces(tx, agents);
    const open = agents
      .map((agent) => ({ agent, limit: Math.min(max, places.get(agent.id) ?? max, room?.get(agent.id) ?? max) }))
      .filter(({ limit }) => limit > 0);
    const shares = await divide(tx, services, open, max);
    const leases: Lease[] = [];
    for (const share of shares) leases.push(...(await leaseOfAgent(tx, services, request, share)));
    // Others may have taken what was ready, while the rest of it still waits.
    if (shares !== open && leases.length < shares.reduce((sum, { limit }) => sum + limit, 0))
      for (const { agent, limit } of open) {
        const got = leases.filter((lease) => lease.task.agent === agent).length;
        const left = Math.min(limit - got, max - leases.length);
        if (left > 0) leases.push(...(await leaseOfAgent(tx, services, request, { agent, limit: left })));
      }
    await announceTasks(
      tx,
      services,
      leases.map((lease) => lease.row),
    );
    return leases
      .map((lease) => lease.task)
      .toSorted((one, other) => other.priority - one.priority || (one.id < other.id ? -1 : 1));
  });
}
