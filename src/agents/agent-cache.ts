import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";

/** What the hot paths need of an agent, its limits resolved against the settings. */
export interface AgentRecord {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly instructions: string | undefined;
  readonly limits: AgentLimits;
  /** There while it is paused: none of its tasks is leased, or one at a time from this moment on. */
  readonly pause?: { readonly resumeAtMs: number | undefined };
}

/** The limits that hold for an agent's tasks. */
export interface AgentLimits {
  /** Tasks under way at once; absent: as many as workers ask for. */
  readonly concurrency?: number;
  readonly timeoutSeconds: number;
  readonly leaseSeconds: number;
  readonly maxAttempts: number;
  readonly breaker?: { readonly failures: number; readonly perSeconds: number; readonly cooldownSeconds?: number };
}

/** Agents by id, in memory. */
export type AgentCache = ReadThroughCache<AgentRecord>;

/** Makes the cache of agents; deleted ones stay known, since their tasks live on. */
export function createAgentCache(services: Services): AgentCache {
  const { clock, signals, settings } = services;
  const defaults = {
    timeoutSeconds: settings.tasks.timeoutSeconds,
    leaseSeconds: settings.tasks.leaseSeconds,
    maxAttempts: settings.tasks.maxAttempts,
  };
  const load = async (db: Executor, ids: readonly string[]): Promise<Map<string, AgentRecord>> => {
    const rows = await db.kysely
      .selectFrom("agents")
      .select(["id", "project_id", "name", "instructions", "limits", "paused_at", "resume_at"])
      .where("id", "in", [...ids])
      .execute();
    return new Map(
      rows.map((row) => {
        const limits = { ...defaults, ...(row.limits as Partial<AgentLimits>) };
        const instructions = row.instructions ?? undefined;
        const pause = row.paused_at === null ? {} : { pause: { resumeAtMs: row.resume_at?.getTime() } };
        return [row.id, { id: row.id, projectId: row.project_id, name: row.name, instructions, limits, ...pause }];
      }),
    );
  };
  return new ReadThroughCache({ clock, signals, topic: "agents", load, maxEntries: 10_000 });
}

/**
 * Those of the agents whose tasks may be leased at this moment (milliseconds since the epoch). One that a circuit breaker
 * paused gets a single task once its cooldown is over: how that ends decides.
 */
export function leasableAgents(agents: readonly AgentRecord[], nowMs: number): AgentRecord[] {
  return agents.flatMap((agent) => {
    if (agent.pause === undefined) return [agent];
    const isOnTrial = agent.pause.resumeAtMs !== undefined && agent.pause.resumeAtMs <= nowMs;
    return isOnTrial ? [{ ...agent, limits: { ...agent.limits, concurrency: 1 } }] : [];
  });
}

/** Ids of agents by project and name, in memory. */
export type AgentNames = ReadThroughCache<string>;

/** The key of a name in `AgentNames`. A project's id is a uuid, so that the first slash ends it. */
export function agentNameKey(projectId: string, name: string): string {
  return `${projectId}/${name}`;
}

/** Makes the look-up of agents by name, for calls that name them. */
export function createAgentNames(services: Services): AgentNames {
  const { clock, signals } = services;
  const load = async (db: Executor, keys: readonly string[]): Promise<Map<string, string>> => {
    const pairs = keys.map((key) => [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)] as const);
    const rows = await db.query<{ id: string; project_id: string; name: string }>(selectByNames, [
      pairs.map(([projectId]) => projectId),
      pairs.map(([, name]) => name),
    ]);
    return new Map(rows.map((row) => [agentNameKey(row.project_id, row.name), row.id]));
  };
  const cache = new ReadThroughCache({ clock, signals, topic: "agents", load, maxEntries: 10_000 });
  // The news names agents by id, so any news forgets all.
  signals.on("agents", () => cache.forget("all"));
  return cache;
}

const selectByNames = {
  name: "select_agents_by_name",
  text: `SELECT a.id, a.project_id, a.name
         FROM unnest($1::uuid[], $2::text[]) AS i (project_id, name)
         JOIN agents a ON a.project_id = i.project_id AND a.name = i.name AND a.deleted_at IS NULL`,
};
