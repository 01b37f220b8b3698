import type { AgentCard } from "@a2a-js/sdk";
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";
import { openRunnerSecret } from "../../agents/runner-secret.ts";
import type { A2aRunner } from "../../agents/runner.ts";
import type { AgentRow } from "../../agents/store.ts";
import type { OutboundResult } from "../../platform/outbound-exchange.ts";
import type { Services } from "../../platform/services.ts";
import { BadCardError, type PeerCards } from "./peer-cards.ts";
import { guardedFetch } from "./guarded-fetch.ts";

/** A peer that can be called. */
export interface Peer {
  readonly client: Client;
  readonly card: AgentCard;
}

/** How a peer is called. */
export interface PeerConnection {
  readonly signal: AbortSignal;
  /** Hears how each call went. */
  readonly note: (result: OutboundResult) => void;
}

const callTimeoutMs = 30_000;

function headersOf(
  { secretBox }: Pick<Services, "secretBox">,
  agent: AgentRow,
  runner: A2aRunner,
): Record<string, string> {
  if (agent.runner_secret === null) return { ...runner.headers };
  const place = { projectId: agent.project_id, agentId: agent.id, version: agent.secret_version };
  const token = openRunnerSecret(secretBox, place, agent.runner_secret);
  return { ...runner.headers, authorization: `Bearer ${token}` };
}

/**
 * A client of the peer that an agent stands for: 1.0 or 0.3, over JSON-RPC or HTTP+JSON, as its card says. Throws
 * BadCardError for a card that cannot be used, and an error for a call that failed, which `note` has heard of.
 */
export async function connectPeer(
  services: Services,
  cards: PeerCards,
  agent: AgentRow,
  runner: A2aRunner,
  connection: PeerConnection,
): Promise<Peer> {
  const fetchImpl = guardedFetch({
    ...connection,
    outbound: services.outbound,
    origin: new URL(runner.url).origin,
    headers: headersOf(services, agent, runner),
    timeoutMs: callTimeoutMs,
  });
  const card = await cards.get(agent.id, runner.url, fetchImpl);
  const options = { fetchImpl, legacyCompat: { enabled: true } };
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory(options), new RestTransportFactory(options)],
    cardResolver: new DefaultAgentCardResolver(options),
  });
  try {
    return { client: await factory.createFromAgentCard(card), card };
  } catch {
    throw new BadCardError("The agent card names no interface over JSON-RPC or HTTP+JSON.");
  }
}
