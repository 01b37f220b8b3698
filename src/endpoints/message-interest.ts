import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";

/** The message types that the enabled endpoints of a project ask for; "all" when one of them names none. */
type WantedTypes = ReadonlySet<string> | "all";

/**
 * Whether anyone in a project wants a type of message, from memory: a task passes through states that few subscribe to,
 * and a message that nobody gets need not be stored for each.
 */
export class MessageInterest {
  readonly #cache: ReadThroughCache<WantedTypes>;

  constructor({ clock, signals }: Services) {
    const load = async (db: Executor, projectIds: readonly string[]): Promise<Map<string, WantedTypes>> => {
      const rows = await db.kysely
        .selectFrom("endpoints")
        .select(["project_id", "event_types"])
        .where("project_id", "in", [...projectIds])
        .where("disabled", "=", false)
        .where("deleted_at", "is", null)
        .execute();
      const wanted = new Map<string, WantedTypes>();
      for (const { project_id, event_types } of rows) {
        const known = wanted.get(project_id) ?? new Set<string>();
        wanted.set(project_id, known === "all" || event_types === null ? "all" : new Set([...known, ...event_types]));
      }
      return wanted;
    };
    this.#cache = new ReadThroughCache({ clock, signals, topic: "endpoints", load, maxEntries: 10_000 });
    // The news names endpoints and the cache projects, so any news forgets all.
    signals.on("endpoints", () => this.#cache.forget("all"));
  }

  /** Whether an enabled endpoint of the project asks for this type. */
  async wants(db: Executor, projectId: string, type: string): Promise<boolean> {
    const wanted = await this.#cache.get(db, projectId);
    return wanted !== undefined && (wanted === "all" || wanted.has(type));
  }
}
