import type { Signals } from "../../platform/signals.ts";

/** Hears when a peer has called about a task, in whichever process it did. */
export class PeerNews {
  readonly #off: () => void;
  #hasNews = false;
  #wake: (() => void) | undefined;

  constructor(signals: Pick<Signals, "on">, taskId: string) {
    this.#off = signals.on("peers", (keys) => {
      if (keys !== "all" && !keys.includes(taskId)) return;
      this.#hasNews = true;
      this.#wake?.();
    });
  }

  /** Waits until the peer calls (or has since the last wait), `pauseMs` have passed or the signal aborts. */
  async wait(pauseMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, pauseMs);
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (!this.#hasNews && !signal.aborted) await promise;
    clearTimeout(timer);
    this.#hasNews = false;
    this.#wake = undefined;
  }

  stop(): void {
    this.#off();
  }
}
