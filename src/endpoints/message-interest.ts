import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";
import type { Clock } from "../lib/clock.ts";
import { compileEventTypes } from "../lib/event-type-pattern.ts";

/** Whether one endpoint of a project asks for a type. */
type WantedTypes = readonly ((type: string) => boolean)[];

// Whoever watches says so every fifteen seconds (stream/follow-news.ts).
const watchMs = 45_000;

/**
 * Whether anyone in a project wants a type of message, from memory: a task passes through states that few subscribe to,
 * and a message that nobody gets need not be stored for each. An endpoint that is off counts: what it asks for is kept. So
 * does whoever watches the project's stream, of this process or another.
 */
export class MessageInterest {
  readonly #cache: ReadThroughCache<WantedTypes>;
  readonly #clock: Clock;
  readonly #watchedUntil = new Map<string, number>();

  constructor({ clock, signals }: Services) {
    const load = async (db: Executor, projectIds: readonly string[]): Promise<Map<string, WantedTypes>> => {
      const rows = await db.kysely
        .selectFrom("endpoints")
        .select(["project_id", "event_types"])
        .distinct()
        .where("project_id", "in", [...projectIds])
        .where("deleted_at", "is", null)
        .execute();
      const byProject = Map.groupBy(rows, (row) => row.project_id);
      return new Map(
        [...byProject].map(([projectId, endpoints]) => [
          projectId,
          endpoints.map((endpoint) => compileEventTypes(endpoint.event_types)),
        ]),
      );
    };
    this.#cache = new ReadThroughCache({ clock, signals, topic: "endpoints", load, maxEntries: 10_000 });
    // The news names endpoints and the cache projects, so any news forgets all.
    signals.on("endpoints", () => this.#cache.forget("all"));
    this.#clock = clock;
    signals.on("watchers", (projectIds) => {
      if (projectIds === "all") return;
      for (const projectId of projectIds) this.#watchedUntil.set(projectId, clock.now() + watchMs);
    });
  }

  /** Whether an endpoint of the project asks for this type, or its stream is watched. */
  async wants(db: Executor, projectId: string, type: string): Promise<boolean> {
    if (this.#isWatched(projectId)) return true;
    const wanted = await this.#cache.get(db, projectId);
    return wanted !== undefined && wanted.some((wants) => wants(type));
  }

  #isWatched(projectId: string): boolean {
    const until = this.#watchedUntil.get(projectId);
    if (until === undefined) return false;
    if (until > this.#clock.now()) return true;
    this.#watchedUntil.delete(projectId);
    return false;
  }
}
