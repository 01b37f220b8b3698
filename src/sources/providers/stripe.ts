import type { Provider } from "./provider.ts";

export const stripe: Provider = {
  id: "stripe",
  name: "Stripe",
  docsUrl: "https://docs.stripe.com/webhooks#verify-manually",
  secretHint: "The endpoint's signing secret (whsec_…) in Workbench → Webhooks, or what `stripe listen` prints.",
  setup: [
    "Open Workbench → Webhooks → Create an event destination, type webhook endpoint. Endpoint URL: {url}.",
    "Choose the events, create it, reveal the signing secret and paste it here.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "stripe-signature",
    itemSeparator: ",",
    keyValueSeparator: "=",
    field: "v1",
    encoding: "hex",
    signed: [{ field: "t" }, { literal: "." }, "body"],
    timestamp: { from: { field: "t" }, unit: "seconds", toleranceSeconds: 300 },
    // Not base64 after whsec_, as Standard Webhooks has it: the whole string is the key.
    secret: { encoding: "utf8" },
    body: "json",
    deliveryId: { pointer: "/id" },
    eventType: { pointer: "/type" },
    keepHeaders: ["content-type", "user-agent"],
  },
  sample: {
    body: {
      id: "evt_$id",
      object: "event",
      api_version: "2025-03-31.basil",
      created: "$seconds",
      type: "invoice.paid",
      livemode: false,
      data: { object: { id: "in_1MtHbELkdIwHu7ixl4OzzPMv", object: "invoice", amount_paid: 1999, currency: "eur" } },
      request: { id: null, idempotency_key: null },
    },
    eventType: "invoice.paid",
  },
};
