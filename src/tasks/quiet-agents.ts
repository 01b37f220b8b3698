import type { Signals } from "../platform/signals.ts";

// As the pause between two looks for news that got lost, it must not be long; many workers ask within it.
const quietMs = 1_000;
const maxAgents = 10_000;

/**
 * The agents for which this process has looked for tasks within the last second, found none, and heard nothing since. Those
 * who wait for a task need not look then: the news will wake them. 500 idle workers would otherwise look 30 times a second.
 */
export class QuietAgents {
  readonly #lookedAtMs = new Map<string, number>();
  readonly #offs: readonly (() => void)[];
  // What was found before the latest news says nothing.
  #news = 0;

  constructor(signals: Pick<Signals, "on">) {
    this.#offs = (["tasks", "agents"] as const).map((topic) => signals.on(topic, (keys) => this.#forget(keys)));
  }

  /** Looks for tasks of these agents (uuids), unless it is known that there are none. */
  async look<Task>(agentIds: readonly string[], look: () => Promise<readonly Task[]>): Promise<readonly Task[]> {
    const startedAtMs = performance.now();
    if (agentIds.every((id) => (this.#lookedAtMs.get(id) ?? -Infinity) > startedAtMs - quietMs)) return [];
    const news = this.#news;
    const tasks = await look();
    if (tasks.length === 0 && news === this.#news) this.#remember(agentIds, startedAtMs);
    return tasks;
  }

  /** Stops listening. */
  stop(): void {
    for (const off of this.#offs) off();
  }

  #remember(agentIds: readonly string[], atMs: number): void {
    if (this.#lookedAtMs.size > maxAgents) this.#lookedAtMs.clear();
    for (const id of agentIds) this.#lookedAtMs.set(id, atMs);
  }

  // A key is an agent's id, or that and how many tasks there are: `<uuid>:<count>`.
  #forget(keys: readonly string[] | "all"): void {
    this.#news += 1;
    if (keys === "all") this.#lookedAtMs.clear();
    else for (const key of keys) this.#lookedAtMs.delete(key.split(":", 1)[0] ?? "");
  }
}
