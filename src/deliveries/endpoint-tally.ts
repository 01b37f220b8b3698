import { durationClassOf } from "./duration-class.ts";

/** One attempt, for what is counted of it. */
export interface CountedAttempt {
  readonly endpointId: string;
  readonly deliveryId: string;
  readonly outcome: string;
  readonly status?: number | undefined;
  readonly error?: string | undefined;
  readonly durationMs: number;
  readonly startedAt: Date;
}

/** Attempts at one endpoint in one hour that went alike. */
export interface TallyRow {
  readonly endpointId: string;
  readonly hour: Date;
  readonly outcome: string;
  readonly durationClass: number;
  attempts: number;
}

/** How an endpoint stands at the end of a while, as far as this process has seen. */
export interface EndpointRun {
  /** Whether anything went well meanwhile. */
  readonly hadSuccess: boolean;
  /** Failures since then, or since the beginning. */
  readonly failures: number;
  readonly failingSince: Date | undefined;
  readonly lastFailure: CountedAttempt | undefined;
}

const hourMs = 3_600_000;
const noRun: EndpointRun = { hadSuccess: false, failures: 0, failingSince: undefined, lastFailure: undefined };

/** What is to be written down of attempts: their numbers, and how each endpoint stands. */
export class EndpointTally {
  readonly #rows = new Map<string, TallyRow>();
  readonly #runs = new Map<string, EndpointRun>();

  add(attempt: CountedAttempt): void {
    const { endpointId, outcome } = attempt;
    const hourOf = Math.floor(attempt.startedAt.getTime() / hourMs);
    const durationClass = durationClassOf(attempt.durationMs);
    const key = `${endpointId} ${hourOf} ${outcome} ${durationClass}`;
    const row = this.#rows.get(key);
    if (row === undefined)
      this.#rows.set(key, { endpointId, hour: new Date(hourOf * hourMs), outcome, durationClass, attempts: 1 });
    else row.attempts += 1;

    if (outcome === "succeeded") {
      this.#runs.set(endpointId, { ...noRun, hadSuccess: true });
      return;
    }
    const run = this.#runs.get(endpointId) ?? noRun;
    this.#runs.set(endpointId, {
      hadSuccess: run.hadSuccess,
      failures: run.failures + 1,
      failingSince: run.failingSince ?? attempt.startedAt,
      lastFailure: attempt,
    });
  }

  /** In the order of the table's key, so that two processes that write at once cannot wait for each other. */
  get rows(): readonly TallyRow[] {
    return [...this.#rows].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
  }

  /** By the endpoint's id, in its order. */
  get runs(): readonly (readonly [string, EndpointRun])[] {
    return [...this.#runs].toSorted(([one], [other]) => (one < other ? -1 : 1));
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }
}
