import { liveKeys, liveSecrets } from "../endpoints/endpoint-cache.ts";
import type { Services } from "../platform/services.ts";
import type { ClaimedDelivery } from "./claim-deliveries.ts";
import { originOfMessage } from "./origin-of-message.ts";
import { type AttemptResult, classifyOutcome } from "./classify-outcome.ts";
import type { AttemptRecord, DeliveryRecord } from "./record-attempts.ts";
import type { Oauth2Tokens } from "./oauth2-tokens.ts";
import { signMessage } from "./sign-message.ts";

// What an attempt's row keeps of an endpoint's own headers: their names. Their values may be credentials.
const hidden = "(hidden)";

function withoutAttempt(delivery: ClaimedDelivery): Omit<DeliveryRecord, "outcome" | "state"> {
  return {
    deliveryId: delivery.id,
    projectId: delivery.projectId,
    endpointId: delivery.endpoint.id,
    job: delivery.job,
    charged: false,
    disableEndpoint: false,
  };
}

/** What to write down for a delivery whose endpoint is off: it waits until that is on again, or ends with it. */
export function skipDelivery(delivery: ClaimedDelivery): DeliveryRecord {
  return delivery.endpoint.deleted
    ? { ...withoutAttempt(delivery), state: "canceled", outcome: "endpoint_disabled" }
    : { ...withoutAttempt(delivery), state: "pending", outcome: "held", held: true };
}

/** What to write down for a delivery that is given back without an attempt: it is due again then. */
export function postponeDelivery(delivery: ClaimedDelivery, until: Date): DeliveryRecord {
  return { ...withoutAttempt(delivery), state: "pending", outcome: "postponed", nextAttemptAt: until };
}

function signed(delivery: ClaimedDelivery, sentAt: Date): Readonly<Record<string, string>> | undefined {
  try {
    return {
      ...signMessage({
        id: delivery.messageWireId,
        sentAt,
        payload: delivery.payload,
        secrets: liveSecrets(delivery.endpoint, sentAt.getTime()),
        keys: liveKeys(delivery.endpoint, sentAt.getTime()),
        signing: delivery.endpoint.signing,
        url: delivery.endpoint.url,
      }),
    };
  } catch {
    // A stored secret that cannot be opened, or is none. Not logged: the error of a decoder may quote it.
    return undefined;
  }
}

function noCredentials(detail: string, durationMs: number): AttemptResult {
  return { kind: "failure", reason: "no_credentials", detail, durationMs };
}

async function send(
  { outbound, settings }: Services,
  tokens: Oauth2Tokens,
  { endpoint, payload }: ClaimedDelivery,
  ownHeaders: Readonly<Record<string, string>>,
): Promise<AttemptResult> {
  const { identity } = endpoint;
  if (identity === "unreadable") return noCredentials("the endpoint's certificate cannot be opened; set it again", 0);
  const token = await tokens.get(endpoint);
  if (token !== undefined && !token.ok) return noCredentials(token.detail, token.durationMs);
  const result = await outbound.request({
    url: endpoint.url,
    method: "POST",
    headers: {
      ...endpoint.headers,
      ...ownHeaders,
      ...(token === undefined ? {} : { authorization: `Bearer ${token.token}` }),
    },
    body: payload,
    timeoutMs: endpoint.timeoutMs,
    maxResponseBytes: settings.deliveries.responseLimitBytes,
    ...(identity === undefined ? {} : { identity }),
  });
  if (token !== undefined && result.kind === "response" && result.status === 401) tokens.forget(endpoint.id);
  return result;
}

const unsigned = {
  kind: "failure",
  reason: "unsigned",
  detail: "a secret of the endpoint cannot be used to sign; rotate it",
  durationMs: 0,
} as const;

function describe(result: AttemptResult): Partial<AttemptRecord> & Pick<AttemptRecord, "responseTruncated"> {
  if (result.kind === "failure") return { error: result.detail, responseTruncated: false };
  return {
    status: result.status,
    responseHeaders: result.headers,
    responseBody: result.body,
    responseTruncated: result.truncated,
  };
}

/** Signs and sends one delivery and says what became of it. Never rejects; holds no database connection. */
export async function attemptDelivery(
  services: Services,
  tokens: Oauth2Tokens,
  delivery: ClaimedDelivery,
): Promise<DeliveryRecord> {
  const { endpoint } = delivery;
  const startedAt = new Date(services.clock.now());
  const signature = signed(delivery, startedAt);
  const headers = {
    "content-type": "application/json",
    ...originOfMessage(services.originKeys.current, delivery.payload),
    ...signature,
  };
  const result = signature === undefined ? unsigned : await send(services, tokens, delivery, headers);
  const decision = classifyOutcome({
    result,
    attemptsMade: delivery.retriesSpent + 1,
    scheduleSeconds: endpoint.scheduleSeconds,
    jitter: endpoint.jitter,
    windowEndsAtMs:
      endpoint.retryWindowMs === undefined ? undefined : delivery.firstDueAt.getTime() + endpoint.retryWindowMs,
    nowMs: services.clock.now(),
    random: Math.random,
  });
  services.metrics.attempts.inc({ outcome: decision.outcome });
  services.metrics.attemptSeconds.observe(result.durationMs / 1000);
  const names = [...Object.keys(endpoint.headers), ...(endpoint.oauth2 === undefined ? [] : ["authorization"])];
  const hiddenHeaders = Object.fromEntries(names.map((name) => [name, hidden]));
  return {
    deliveryId: delivery.id,
    projectId: delivery.projectId,
    endpointId: endpoint.id,
    job: delivery.job,
    state: decision.state === "retry" ? "pending" : decision.state,
    outcome: decision.outcome,
    charged: decision.state === "retry" && decision.charged,
    disableEndpoint: decision.state === "failed" && decision.disableEndpoint,
    ...(decision.state === "retry" ? { nextAttemptAt: new Date(decision.atMs) } : {}),
    attempt: {
      id: services.newId(),
      number: delivery.attempts + 1,
      durationMs: result.durationMs,
      requestHeaders: { ...hiddenHeaders, ...headers },
      startedAt,
      ...describe(result),
    },
  };
}
