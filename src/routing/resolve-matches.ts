import type { AgentRecord } from "../agents/agent-cache.ts";
import { findCapableAgents } from "../agents/capable-agents-store.ts";
import type { Executor } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import type { Match } from "./decide.ts";
import { findOrigins } from "./find-origins.ts";
import type { Candidate } from "./pending-candidate.ts";
import { resolveSubscribers } from "./resolve-subscribers.ts";

/** A match, and whose event it is of. */
export interface MatchOfEvent extends Match {
  readonly projectId: string;
}

/** A match with what the event and the route do not say themselves. */
export interface ResolvedMatch extends MatchOfEvent {
  /** Undefined once it has been deleted. */
  readonly agent: AgentRecord | undefined;
  /** Why there can be no task. */
  readonly fault: string | undefined;
  /** Whether the database has to be asked before there is a task: for the route, or for a budget. */
  readonly isGuarded: boolean;
}

/**
 * Looks up what matches need besides their events: from memory, but for the few that a task of this hub caused or that name a
 * subscriber, which cost a statement each time.
 */
export async function resolveMatches(
  db: Executor,
  services: TaskServices,
  matched: readonly MatchOfEvent[],
  generation: number,
): Promise<ResolvedMatch[]> {
  if (matched.length === 0) return [];
  const wanted = matched.flatMap(({ route: { projectId, capability } }) =>
    capability === undefined ? [] : [{ projectId, capability }],
  );
  const capable = await findCapableAgents(db, wanted);
  const agentIds = matched.map(({ route: { projectId, capability, agentId } }) =>
    capability === undefined ? agentId : (capable.pick({ projectId, capability }) ?? agentId),
  );
  const agents = await services.agents.getMany(db, agentIds);
  const origins = await findOrigins(
    db,
    matched.flatMap(({ origin }) => origin ?? []),
  );
  const subscriberIds = await resolveSubscribers(db, matched);
  const resolved: ResolvedMatch[] = [];
  for (const [index, match] of matched.entries()) {
    const agentId = agentIds[index] ?? match.route.agentId;
    const { route, projectId, subscriber, origin } = match;
    const subscriberId = subscriberIds.get(match);
    // Not to all subscribers instead: one would read what is meant for another.
    const isNobody = subscriber !== undefined && subscriberId === undefined;
    const led = origin === undefined ? undefined : origins.get(origin);
    resolved.push({
      ...match,
      candidate: {
        ...(generation === 0 ? match.candidate : ofGeneration(match.candidate, generation)),
        ...(led === undefined ? {} : { origin: led }),
        ...(subscriberId === undefined ? {} : { subscriberId }),
      },
      agent: agents.get(agentId),
      fault: isNobody ? `subscriberId: the project has no subscriber ${JSON.stringify(subscriber)}` : undefined,
      isGuarded: route.isGuarded || (await services.budgets.covers(db, { projectId, agentId, routeId: route.id })),
    });
  }
  return resolved;
}

// What is done again is no duplicate of what was done: it counts as one only among the same replay.
function ofGeneration(candidate: Candidate, generation: number): Candidate {
  const { keys } = candidate;
  if (keys?.dedupe === undefined) return candidate;
  const dedupe = { ...keys.dedupe, key: `${keys.dedupe.key}\u001f${generation}` };
  return { ...candidate, keys: { ...keys, dedupe } };
}
