import { AGENT_CARD_PATH, type AgentCard } from "@a2a-js/sdk";
import { DefaultAgentCardResolver } from "@a2a-js/sdk/client";
import type { Clock } from "../../lib/clock.ts";
import { isNestedDeeperThan } from "../../lib/json-depth.ts";

const keptMs = 300_000;
const maxCards = 1_000;
const maxDepth = 100;
const legacyPath = ".well-known/agent.json";

interface KeptCard {
  readonly card: AgentCard;
  readonly untilMs: number;
}

/** A card that is none, or none that can be used. */
export class BadCardError extends Error {}

async function fetchCard(url: string, get: typeof fetch): Promise<unknown> {
  const headers = { accept: "application/json", "a2a-version": "1.0" };
  // A file is the card itself; of anything else it is below `.well-known`, where 0.3 had another name for it.
  const isFile = new URL(url).pathname.endsWith(".json");
  const base = url.endsWith("/") ? url : `${url}/`;
  let response = await get(isFile ? url : new URL(AGENT_CARD_PATH, base).href, { headers });
  if (response.status === 404 && !isFile) response = await get(new URL(legacyPath, base).href, { headers });
  if (!response.ok) throw new BadCardError(`The agent card could not be read: the peer answered ${response.status}.`);
  const text = await response.text();
  if (isNestedDeeperThan(text, maxDepth)) throw new BadCardError("The agent card is nested too deep.");
  try {
    return JSON.parse(text);
  } catch {
    throw new BadCardError("The agent card is not JSON.");
  }
}

/** The cards of peers, each read again after five minutes. */
export class PeerCards {
  readonly #clock: Clock;
  readonly #resolver = new DefaultAgentCardResolver({ legacyCompat: { enabled: true } });
  readonly #cards = new Map<string, KeptCard>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /**
   * The card of the peer at this URL, for this agent (another one may be shown another card). Throws BadCardError, and what
   * `get` throws.
   */
  async get(agentId: string, url: string, get: typeof fetch): Promise<AgentCard> {
    const key = `${agentId} ${url}`;
    const kept = this.#cards.get(key);
    if (kept !== undefined && kept.untilMs > this.#clock.now()) return kept.card;
    const raw = await fetchCard(url, get);
    let card: AgentCard;
    try {
      card = this.#resolver.normalizeAgentCard(raw);
    } catch {
      throw new BadCardError("The agent card is not one of A2A 1.0 or 0.3.");
    }
    if (!Array.isArray(card.supportedInterfaces) || card.supportedInterfaces.length === 0)
      throw new BadCardError("The agent card names no interface.");
    this.#cards.delete(key);
    this.#cards.set(key, { card, untilMs: this.#clock.now() + keptMs });
    const [oldest] = this.#cards.keys();
    if (this.#cards.size > maxCards && oldest !== undefined) this.#cards.delete(oldest);
    return card;
  }

  /** Forgets a card that did not fit its peer. */
  forget(agentId: string, url: string): void {
    this.#cards.delete(`${agentId} ${url}`);
  }
}
