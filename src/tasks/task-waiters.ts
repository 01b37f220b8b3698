import type { Signals } from "../platform/signals.ts";
import { QuietAgents } from "./quiet-agents.ts";

/**
 * Why a waiter looks again. `task`: it is one of as many as there are new tasks. `probe`: nobody knows how many there are,
 * and whoever finds some sends the next one.
 */
type Call = "task" | "probe";

/** One long-poll's place among those that wait for an agent's tasks. */
interface Waiter {
  readonly agentIds: readonly string[];
  /** What it was woken for and has not looked after yet. */
  call: Call | undefined;
  wake: (() => void) | undefined;
}

// How soon a task is found whose news went missing.
const probeMs = 5_000;

/**
 * The long-polls of this process. New tasks wake as many of an agent's waiters as there are tasks, oldest first: 500 idle
 * workers must not all run to the database for one task.
 */
export class TaskWaiters {
  /** For whose tasks a waiter need not look. */
  readonly quiet: QuietAgents;
  readonly #byAgent = new Map<string, Set<Waiter>>();
  readonly #all = new Set<Waiter>();
  readonly #offs: readonly (() => void)[];
  readonly #probes: NodeJS.Timeout;
  #stopped = false;

  constructor(signals: Pick<Signals, "on">) {
    // Hears the news before those whom it wakes look.
    this.quiet = new QuietAgents(signals);
    this.#offs = [
      () => this.quiet.stop(),
      signals.on("tasks", (keys) => {
        if (keys === "all") this.#probeAll();
        else for (const key of keys) this.#wakeFor(key);
      }),
      // An agent whose limit was raised may have places for tasks that waited.
      signals.on("agents", (keys) => {
        if (keys !== "all") for (const agentId of keys) this.#wake(agentId, 1, "probe");
      }),
    ];
    this.#probes = setInterval(() => this.#probeAll(), probeMs);
    this.#probes.unref();
  }

  /** How many wait. */
  get size(): number {
    return this.#all.size;
  }

  /**
   * Calls `attempt` now and again each time there may be work, until it answers with some, `waitMs` have passed, the signal
   * aborts or the hub stops. Answers with what the last attempt had; none is begun once the signal has aborted.
   */
  async until<Task>(
    agentIds: readonly string[],
    attempt: () => Promise<readonly Task[]>,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly Task[]> {
    const waiter: Waiter = { agentIds, call: undefined, wake: undefined };
    let over = waitMs <= 0;
    const end = (): void => {
      over = true;
      waiter.wake?.();
    };
    const timer = setTimeout(end, waitMs);
    signal.addEventListener("abort", end, { once: true });
    this.#join(waiter);
    try {
      while (!signal.aborted) {
        const tasks = await this.#look(waiter, attempt);
        if (tasks.length > 0 || over || this.#stopped) return tasks;
        await this.#sleep(waiter, () => over);
        if (this.#stopped) return [];
      }
      return [];
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      this.#leave(waiter);
    }
  }

  /** Ends every wait; later ones do not begin. */
  stop(): void {
    this.#stopped = true;
    for (const off of this.#offs) off();
    clearInterval(this.#probes);
    for (const waiter of this.#all) waiter.wake?.();
  }

  async #look<Task>(waiter: Waiter, attempt: () => Promise<readonly Task[]>): Promise<readonly Task[]> {
    const { call } = waiter;
    waiter.call = undefined;
    try {
      const tasks = await attempt();
      // Where there was one there may be more: the next probe leaves when this waiter does.
      if (tasks.length > 0 && call === "probe") waiter.call ??= call;
      return tasks;
    } catch (error) {
      waiter.call ??= call;
      throw error;
    }
  }

  #join(waiter: Waiter): void {
    this.#all.add(waiter);
    for (const agentId of waiter.agentIds) {
      const waiters = this.#byAgent.get(agentId) ?? new Set();
      this.#byAgent.set(agentId, waiters.add(waiter));
    }
  }

  #leave(waiter: Waiter): void {
    this.#all.delete(waiter);
    for (const agentId of waiter.agentIds) {
      const waiters = this.#byAgent.get(agentId);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#byAgent.delete(agentId);
    }
    // It was woken for something that it did not come to take.
    if (waiter.call !== undefined) for (const agentId of waiter.agentIds) this.#wake(agentId, 1, waiter.call);
  }

  async #sleep(waiter: Waiter, over: () => boolean): Promise<void> {
    if (waiter.call !== undefined || over()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiter.wake = resolve;
    await promise;
    waiter.wake = undefined;
  }

  // A key is an agent's id and how many of its tasks became due: `<uuid>:<count>`.
  #wakeFor(key: string): void {
    const [agentId = "", count = "1"] = key.split(":");
    this.#wake(agentId, Number(count), "task");
  }

  #probeAll(): void {
    for (const agentId of this.#byAgent.keys()) this.#wake(agentId, 1, "probe");
  }

  #wake(agentId: string, count: number, call: Call): void {
    let left = count;
    for (const waiter of this.#byAgent.get(agentId) ?? []) {
      if (left <= 0) return;
      if (waiter.call !== undefined) continue;
      waiter.call = call;
      waiter.wake?.();
      left -= 1;
    }
  }
}
