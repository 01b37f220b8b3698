import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { disableEndpoints } from "./disable-endpoints.ts";
import {
  addEndpointStats,
  addFailures,
  endFailures,
  type FailingRow,
  markAnnounced,
  setBreakers,
} from "./endpoint-health-store.ts";
import { type CountedAttempt, EndpointTally } from "./endpoint-tally.ts";
import { newsOf, selectNewsOfEndpoints, type Tell } from "./hub-news.ts";

const hourMs = 3_600_000;

/**
 * Counts how the attempts of this process went, and notices when an endpoint fails, recovers, or has failed for so long that it
 * is switched off. An attempt costs a look into memory; what changes is written down later, so that a busy endpoint's row is
 * not fought over. A process that dies, or loses its database, takes the counts of some seconds with it.
 */
export class EndpointHealth {
  readonly #services: Services;
  readonly #tell: Tell;
  #tally = new EndpointTally();
  #leftAlone = new Map<string, Date>();

  constructor(services: Services, tell: Tell) {
    this.#services = services;
    this.#tell = tell;
  }

  /** An attempt is over and written down. What the hub broke off itself says nothing of the endpoint. */
  attempted(attempt: CountedAttempt): void {
    if (attempt.outcome !== "aborted") this.#tally.add(attempt);
  }

  /** The breaker of an endpoint has opened: nothing is sent to it until then. Other processes hear of it. */
  leftAlone(endpointId: string, until: Date): void {
    this.#leftAlone.set(endpointId, until);
  }

  /** Writes down what has come together, and says what follows from it. To be called again and again. */
  async flush(): Promise<void> {
    const [tally, leftAlone] = [this.#tally, this.#leftAlone];
    if (tally.isEmpty && leftAlone.size === 0) return;
    this.#tally = new EndpointTally();
    this.#leftAlone = new Map();
    const hopeless = await this.#services.db.transaction(async (tx) => {
      await addEndpointStats(tx, tally.rows);
      const runs = tally.runs;
      const recovered = runs.filter(([, run]) => run.hadSuccess).map(([endpointId]) => endpointId);
      await this.#sayRecovered(tx, recovered);
      const failing = runs.filter(([, run]) => run.failures > 0);
      const judged = await this.#judge(tx, await addFailures(tx, failing));
      await setBreakers(tx, leftAlone);
      await this.#services.signals.emit(tx, "endpoints", leftAlone.keys());
      return judged;
    });
    if (hopeless.length === 0) return;
    // By itself, for whoever enables or deletes an endpoint locks it before its health. A process that dies before it finds
    // the endpoint as hopeless after its next attempt.
    await this.#services.db.transaction((tx) => disableEndpoints(tx, this.#services, hopeless, "failing", this.#tell));
  }

  async #sayRecovered(tx: Transaction, endpointIds: readonly string[]): Promise<void> {
    const all = await endFailures(tx, endpointIds);
    const reopened = all.filter((run) => run.breaker_until !== null).map((run) => run.endpoint_id);
    await this.#services.signals.emit(tx, "endpoints", reopened);
    const ended = all.filter((run) => run.announced_at !== null);
    const endpoints = await selectNewsOfEndpoints(
      tx,
      ended.map((run) => run.endpoint_id),
    );
    const news = ended.flatMap(({ endpoint_id, failing_since }) => {
      const endpoint = endpoints.get(endpoint_id);
      if (endpoint === undefined) return [];
      return [newsOf(endpoint, "endpoint.recovered", { endpoint: { failingSince: failing_since.toISOString() } })];
    });
    if (news.length > 0) await this.#tell(tx, news);
  }

  // Answers which endpoints have failed for so long that they are to be switched off.
  async #judge(tx: Transaction, failing: readonly FailingRow[]): Promise<string[]> {
    const { failingAfterAttempts, disableAfterHours } = this.#services.settings.deliveries;
    const now = this.#services.clock.now();
    const serious = failing.filter((row) => row.failures >= failingAfterAttempts);
    const hopeless = serious.filter((row) => now - row.failing_since.getTime() >= disableAfterHours * hourMs);
    const unsaid = serious.filter((row) => row.announced_at === null && !hopeless.includes(row));
    await this.#sayFailing(tx, unsaid);
    return hopeless.map((row) => row.endpoint_id);
  }

  async #sayFailing(tx: Transaction, failing: readonly FailingRow[]): Promise<void> {
    const ids = failing.map((row) => row.endpoint_id);
    await markAnnounced(tx, ids, new Date(this.#services.clock.now()));
    const endpoints = await selectNewsOfEndpoints(tx, ids);
    const news = failing.flatMap(({ endpoint_id, failing_since, failures }) => {
      const endpoint = endpoints.get(endpoint_id);
      if (endpoint === undefined) return [];
      const details = { failingSince: failing_since.toISOString(), failures };
      return [newsOf(endpoint, "endpoint.failing", { endpoint: details })];
    });
    if (news.length > 0) await this.#tell(tx, news);
  }
}
