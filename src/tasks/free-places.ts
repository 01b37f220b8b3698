import type { AgentRecord } from "../agents/agent-cache.ts";
import type { Transaction } from "../platform/database.ts";

// In the order of the ids: two workers that serve the same agents in another order must not lock them crosswise.
const lockAgents = {
  name: "lock_agents",
  text: "SELECT pg_advisory_xact_lock(hashtextextended(i.id, 0)) FROM unnest($1::text[]) AS i (id)",
};

// A statement of its own: its snapshot must be younger than the lock.
const countWorking = {
  name: "count_working",
  text: `SELECT agent_id, count(*)::int AS working FROM tasks
         WHERE agent_id = ANY ($1) AND state = 'working' GROUP BY agent_id`,
};

/**
 * How many more tasks each of these agents may work on, by id; an agent without a limit is missing. Leases of an agent with
 * a limit take turns until the transaction ends, else two workers would both see its last free place.
 */
export async function findFreePlaces(tx: Transaction, agents: readonly AgentRecord[]): Promise<Map<string, number>> {
  const limited = agents.flatMap(({ id, limits }) =>
    limits.concurrency === undefined ? [] : [{ id, concurrency: limits.concurrency }],
  );
  if (limited.length === 0) return new Map();
  const ids = limited.map((agent) => agent.id).toSorted();
  await tx.query(lockAgents, [ids]);
  const rows = await tx.query<{ agent_id: string; working: number }>(countWorking, [ids]);
  const working = new Map(rows.map((row) => [row.agent_id, row.working]));
  return new Map(limited.map(({ id, concurrency }) => [id, Math.max(0, concurrency - (working.get(id) ?? 0))]));
}
