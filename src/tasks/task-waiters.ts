import type { Signals } from "../platform/signals.ts";

/** One long-poll's place among those that wait for an agent's tasks. */
interface Waiter {
  readonly agentIds: readonly string[];
  awake: boolean;
  wake: (() => void) | undefined;
}

// The backstop for a wake-up that went missing: one waiter an agent looks again, and passes it on if there was more.
const backstopMs = 5_000;

/**
 * The long-polls of this process. New tasks wake as many of an agent's waiters as there are tasks, oldest first: 500 idle
 * workers must not all run to the database for one task.
 */
export class TaskWaiters {
  readonly #byAgent = new Map<string, Set<Waiter>>();
  readonly #off: () => void;
  readonly #backstop: NodeJS.Timeout;
  #stopped = false;

  constructor(signals: Signals) {
    this.#off = signals.on("tasks", (keys) => {
      if (keys === "all") this.#wakeOneEach();
      else for (const key of keys) this.#wakeFor(key);
    });
    this.#backstop = setInterval(() => this.#wakeOneEach(), backstopMs);
    this.#backstop.unref();
  }

  /** How many wait. */
  get size(): number {
    return new Set([...this.#byAgent.values()].flatMap((waiters) => [...waiters])).size;
  }

  /**
   * Calls `attempt` now and again each time there may be work, until it answers with some, `deadlineMs` have passed, the
   * signal aborts or the hub stops. Answers with what the last attempt had.
   */
  async until<Task>(
    agentIds: readonly string[],
    attempt: () => Promise<readonly Task[]>,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<readonly Task[]> {
    const waiter: Waiter = { agentIds, awake: false, wake: undefined };
    this.#join(waiter);
    const expired = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, deadlineMs))]);
    try {
      for (;;) {
        waiter.awake = false;
        const tasks = await attempt();
        if (tasks.length > 0 || deadlineMs <= 0 || this.#stopped || expired.aborted) return tasks;
        await this.#sleep(waiter, expired);
        if (signal.aborted || this.#stopped) return [];
      }
    } finally {
      this.#leave(waiter);
    }
  }

  /** Ends every wait; later ones do not begin. */
  stop(): void {
    this.#stopped = true;
    this.#off();
    clearInterval(this.#backstop);
    for (const waiters of this.#byAgent.values()) for (const waiter of waiters) waiter.wake?.();
  }

  #join(waiter: Waiter): void {
    for (const agentId of waiter.agentIds) {
      const waiters = this.#byAgent.get(agentId) ?? new Set();
      this.#byAgent.set(agentId, waiters.add(waiter));
    }
  }

  #leave(waiter: Waiter): void {
    for (const agentId of waiter.agentIds) {
      const waiters = this.#byAgent.get(agentId);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#byAgent.delete(agentId);
    }
    // It was woken for something that it did not come to take.
    if (waiter.awake) for (const agentId of waiter.agentIds) this.#wake(agentId, 1);
  }

  #sleep(waiter: Waiter, expired: AbortSignal): Promise<void> {
    if (waiter.awake) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    waiter.wake = resolve;
    expired.addEventListener("abort", () => resolve(), { once: true });
    return promise.finally(() => {
      waiter.wake = undefined;
    });
  }

  // A key is an agent's id and how many of its tasks became due: `<uuid>:<count>`.
  #wakeFor(key: string): void {
    const [agentId = "", count = "1"] = key.split(":");
    this.#wake(agentId, Number(count));
  }

  #wakeOneEach(): void {
    for (const agentId of this.#byAgent.keys()) this.#wake(agentId, 1);
  }

  #wake(agentId: string, count: number): void {
    let left = count;
    for (const waiter of this.#byAgent.get(agentId) ?? []) {
      if (left <= 0) return;
      if (waiter.awake) continue;
      waiter.awake = true;
      waiter.wake?.();
      left -= 1;
    }
  }
}
