import type { Provider } from "./provider.ts";

export const zendesk: Provider = {
  id: "zendesk",
  name: "Zendesk",
  docsUrl: "https://developer.zendesk.com/documentation/webhooks/verifying/",
  secretHint:
    "The webhook's signing secret, under Reveal secret on its page. Test requests before it is created have a secret of their own.",
  setup: [
    "Open Admin Center → Apps and integrations → Webhooks → Create webhook. Endpoint URL: {url}, method POST, format JSON.",
    "Create it, press Reveal secret and paste the signing secret here.",
    "For triggers and automations the JSON body is yours: give it a `type`, which becomes the event's.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-zendesk-webhook-signature",
    encoding: "base64",
    signed: [{ header: "x-zendesk-webhook-signature-timestamp" }, "body"],
    timestamp: {
      from: { header: "x-zendesk-webhook-signature-timestamp" },
      unit: "rfc3339",
      toleranceSeconds: 300,
    },
    deliveryId: { header: "x-zendesk-webhook-invocation-id" },
    eventType: { pointer: "/type" },
    keepHeaders: [
      "content-type",
      "user-agent",
      "x-zendesk-account-id",
      "x-zendesk-webhook-id",
      "x-zendesk-webhook-invocation-id",
      "x-zendesk-webhook-signature-timestamp",
    ],
  },
  sample: {
    headers: {
      "X-Zendesk-Account-Id": "123456",
      "X-Zendesk-Webhook-Id": "01F1KRFQ6BG29CNWFR60NK5FNY",
      "X-Zendesk-Webhook-Invocation-Id": "$id",
    },
    body: {
      account_id: 123456,
      id: "$id",
      type: "zen:event-type:ticket.created",
      subject: "zen:ticket:35436",
      time: "$time",
      event: {},
      detail: { id: "35436", subject: "The export fails", status: "NEW", priority: "HIGH", created_at: "$time" },
    },
    eventType: "zen:event-type:ticket.created",
  },
};
