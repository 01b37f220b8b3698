import { liveSecrets } from "../endpoints/endpoint-cache.ts";
import { toWireId } from "../lib/ids.ts";
import type { Services } from "../platform/services.ts";
import type { ClaimedDelivery } from "./claim-deliveries.ts";
import { classifyOutcome } from "./classify-outcome.ts";
import type { DeliveryRecord } from "./record-attempts.ts";
import { signMessage } from "./sign-message.ts";

// What an attempt's row keeps of an endpoint's own headers: their names. Their values may be credentials.
const hidden = "(hidden)";

/** What to write down for a delivery that is not attempted: its endpoint is off. */
export function skipDelivery(delivery: ClaimedDelivery): DeliveryRecord {
  return {
    deliveryId: delivery.id,
    projectId: delivery.projectId,
    endpointId: delivery.endpoint.id,
    job: delivery.job,
    state: "canceled",
    outcome: "endpoint_disabled",
    charged: false,
    disableEndpoint: false,
  };
}

/** What to write down for a delivery that waited here so long that its claim is about to lapse: it is due again. */
export function postponeDelivery(delivery: ClaimedDelivery, now: Date): DeliveryRecord {
  return { ...skipDelivery(delivery), state: "pending", outcome: "postponed", nextAttemptAt: now };
}

/** Signs and sends one delivery and says what became of it. Never rejects; holds no database connection. */
export async function attemptDelivery(services: Services, delivery: ClaimedDelivery): Promise<DeliveryRecord> {
  const { endpoint } = delivery;
  const startedAt = new Date(services.clock.now());
  const signature = signMessage({
    id: toWireId("message", delivery.messageId),
    sentAt: startedAt,
    payload: delivery.payload,
    secrets: liveSecrets(endpoint, startedAt.getTime()),
  });
  const headers = { ...endpoint.headers, "content-type": "application/json", ...signature };
  const result = await services.outbound.request({
    url: endpoint.url,
    method: "POST",
    headers,
    body: delivery.payload,
    timeoutMs: endpoint.timeoutMs,
    maxResponseBytes: services.settings.deliveries.responseLimitBytes,
  });
  const decision = classifyOutcome({
    result,
    attemptsMade: delivery.retriesSpent + 1,
    scheduleSeconds: endpoint.scheduleSeconds,
    nowMs: services.clock.now(),
    random: Math.random,
  });
  services.metrics.attempts.inc({ outcome: decision.outcome });
  services.metrics.attemptSeconds.observe(result.durationMs / 1000);
  const ownHeaders = Object.fromEntries(Object.keys(endpoint.headers).map((name) => [name, hidden]));
  const response =
    result.kind === "response"
      ? {
          status: result.status,
          responseHeaders: result.headers,
          responseBody: result.body,
          responseTruncated: result.truncated,
        }
      : { error: result.detail, responseTruncated: false };
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
      number: delivery.attempts + 1,
      durationMs: result.durationMs,
      requestHeaders: { ...ownHeaders, "content-type": "application/json", ...signature },
      startedAt,
      ...response,
    },
  };
}
