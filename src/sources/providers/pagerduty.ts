import type { Provider } from "./provider.ts";

export const pagerduty: Provider = {
  id: "pagerduty",
  name: "PagerDuty",
  docsUrl: "https://developer.pagerduty.com/docs/verifying-webhook-signatures",
  secretHint: "The signing secret of the V3 webhook subscription, shown once when it is created.",
  setup: [
    "Open Integrations → Generic Webhooks (v3) → New Webhook. Webhook URL: {url}.",
    "Choose the scope and the events, add it, and copy the secret that is shown here.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-pagerduty-signature",
    // Two during a rotation.
    itemSeparator: ",",
    prefix: "v1=",
    encoding: "hex",
    signed: ["body"],
    body: "json",
    deliveryId: { firstOf: [{ header: "x-webhook-id" }, { pointer: "/event/id" }] },
    eventType: { pointer: "/event/event_type" },
    keepHeaders: ["content-type", "user-agent", "x-webhook-id", "x-webhook-subscription"],
  },
  actor: ["/event/agent/id"],
  sample: {
    headers: { "X-Webhook-Id": "$id", "X-Webhook-Subscription": "PCZ2EWP" },
    body: {
      event: {
        id: "$id",
        event_type: "incident.triggered",
        resource_type: "incident",
        occurred_at: "$time",
        data: {
          id: "PGR0VU2",
          type: "incident",
          number: 2,
          status: "triggered",
          title: "A little bump in the road",
          urgency: "high",
          service: { id: "PF9KMXH", summary: "API Service" },
        },
      },
    },
    eventType: "incident.triggered",
  },
};
