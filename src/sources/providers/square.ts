import type { Provider } from "./provider.ts";

export const square: Provider = {
  id: "square",
  name: "Square",
  docsUrl: "https://developer.squareup.com/docs/webhooks/step3validate",
  secretHint: "The signature key of the webhook subscription in the Developer Console.",
  setup: [
    "Open Webhooks → Subscriptions → Add subscription in the Developer Console. URL: {url}, to the letter: it is part of what is signed.",
    "Choose the events, save, and copy the Signature key here.",
    "If Square reaches the hub by another URL, set that one as the source's verification.url.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    // x-square-signature, the SHA-1 of the same, is no longer documented and not looked at.
    header: "x-square-hmacsha256-signature",
    encoding: "base64",
    signed: ["url", "body"],
    body: "json",
    deliveryId: { pointer: "/event_id" },
    eventType: { pointer: "/type" },
    keepHeaders: [
      "content-type",
      "user-agent",
      "square-environment",
      "square-initial-delivery-timestamp",
      "square-retry-number",
      "square-retry-reason",
      "square-subscription-id",
    ],
  },
  sample: {
    headers: { "Square-Environment": "Sandbox" },
    body: {
      merchant_id: "6SSW7HV8K2ST5",
      type: "payment.created",
      event_id: "$id",
      created_at: "$time",
      data: {
        type: "payment",
        id: "KkAkhdMsgzn59SM8A89WgKwekxLZY",
        object: { payment: { status: "APPROVED", amount_money: { amount: 100, currency: "USD" } } },
      },
    },
    eventType: "payment.created",
  },
};
