import type { Services } from "../platform/services.ts";

/** A worker as it was seen last. */
interface Seen {
  readonly projectId: string;
  readonly workerId: string;
  readonly agents: readonly string[];
  readonly atMs: number;
}

// Whoever makes up a new name for each call is not remembered beyond this many between two writes.
const maxSeen = 10_000;

// In the order of the key: two processes that saw the same workers must not lock them crosswise.
const upsertWorkers = {
  name: "upsert_workers",
  text: `INSERT INTO workers AS w (project_id, worker_id, agents, first_seen_at, last_seen_at)
         SELECT i.project_id, i.worker_id, ARRAY(SELECT json_array_elements_text(i.agents)), i.seen_at, i.seen_at
         FROM unnest($1::uuid[], $2::text[], $3::json[], $4::timestamptz[]) AS i (project_id, worker_id, agents, seen_at)
         ORDER BY i.project_id, i.worker_id
         ON CONFLICT (project_id, worker_id) DO UPDATE
           SET agents = excluded.agents, last_seen_at = greatest(w.last_seen_at, excluded.last_seen_at)`,
};

const forgetWorkers = {
  name: "forget_workers",
  text: "DELETE FROM workers WHERE last_seen_at < $1",
};

/** How long a worker that calls no more is remembered. */
const rememberMs = 86_400_000;

/** Who leases tasks. A call costs an entry in memory; what was seen is written in one statement every few seconds. */
export class WorkerPresence {
  readonly #services: Services;
  #seen = new Map<string, Seen>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** This worker of the project has asked for tasks of these agents. */
  note(projectId: string, workerId: string, agents: readonly string[]): void {
    const key = `${projectId}/${workerId}`;
    if (this.#seen.size >= maxSeen && !this.#seen.has(key)) return;
    this.#seen.set(key, { projectId, workerId, agents, atMs: this.#services.clock.now() });
  }

  /** Writes down who was seen. */
  async flush(): Promise<void> {
    if (this.#seen.size === 0) return;
    const seen = [...this.#seen.values()];
    this.#seen = new Map();
    await this.#services.db.query(upsertWorkers, [
      seen.map((worker) => worker.projectId),
      seen.map((worker) => worker.workerId),
      seen.map((worker) => JSON.stringify(worker.agents)),
      seen.map((worker) => new Date(worker.atMs)),
    ]);
  }

  /** Forgets workers that have not called for a day. */
  async forget(): Promise<void> {
    await this.#services.db.query(forgetWorkers, [new Date(this.#services.clock.now() - rememberMs)]);
  }
}
