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
}

/** The limits that hold for an agent's tasks. */
export interface AgentLimits {
  /** Tasks under way at once; absent: as many as workers ask for. */
  readonly concurrency?: number;
  readonly timeoutSeconds: number;
  readonly leaseSeconds: number;
  readonly maxAttempts: number;
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
      .select(["id", "project_id", "name", "instructions", "limits"])
      .where("id", "in", [...ids])
      .execute();
    return new Map(
      rows.map((row) => {
        const limits = { ...defaults, ...(row.limits as Partial<AgentLimits>) };
        const instructions = row.instructions ?? undefined;
        return [row.id, { id: row.id, projectId: row.project_id, name: row.name, instructions, limits }];
      }),
    );
  };
  return new ReadThroughCache({ clock, signals, topic: "agents", load, maxEntries: 10_000 });
}
