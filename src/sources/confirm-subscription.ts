import { UnavailableError } from "../lib/errors.ts";
import type { Services } from "../platform/services.ts";

const timeoutMs = 5_000;
const maxResponseBytes = 4_096;
// As long as a verified question may be repeated: the tolerance of its timestamp.
const rememberForMs = 3_600_000;
const maxRemembered = 1_000;

/**
 * Calls the URL with which a provider wants a subscription confirmed (AWS SNS), through the guarded client. Once for each URL in a
 * process: repeats wait for the call under way, or find it done. Confirming twice, by two processes, changes nothing.
 */
export class SubscriptionConfirmer {
  readonly #services: Pick<Services, "clock" | "outbound">;
  readonly #confirmed = new Map<string, { readonly done: Promise<boolean>; readonly untilMs: number }>();

  constructor(services: Pick<Services, "clock" | "outbound">) {
    this.#services = services;
  }

  /**
   * Only for URLs that a verifier found to be the provider's own, in a verified request. Rejects with UnavailableError
   * `confirmation_failed`: the provider asks again.
   */
  async confirm(url: string): Promise<void> {
    const nowMs = this.#services.clock.now();
    let known = this.#confirmed.get(url);
    if (known === undefined || known.untilMs <= nowMs) {
      this.#confirmed.delete(url);
      known = { done: this.#call(url), untilMs: nowMs + rememberForMs };
      this.#confirmed.set(url, known);
      const [oldest] = this.#confirmed.keys();
      if (this.#confirmed.size > maxRemembered && oldest !== undefined) this.#confirmed.delete(oldest);
    }
    if (await known.done) return;
    if (this.#confirmed.get(url) === known) this.#confirmed.delete(url);
    throw new UnavailableError("confirmation_failed", "The subscription could not be confirmed; try again later.", {
      retryAfterSeconds: 30,
    });
  }

  async #call(url: string): Promise<boolean> {
    const result = await this.#services.outbound.request({
      url,
      method: "GET",
      headers: {},
      timeoutMs,
      maxResponseBytes,
    });
    return result.kind === "response" && result.status >= 200 && result.status < 300;
  }
}
