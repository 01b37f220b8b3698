import type { Provider } from "./provider.ts";

export const paddle: Provider = {
  id: "paddle",
  name: "Paddle",
  docsUrl: "https://developer.paddle.com/webhooks/signature-verification",
  secretHint: "The secret key of the notification destination (pdl_ntfset_…).",
  setup: [
    "Open Developer tools → Notifications → New destination, type webhook. URL: {url}.",
    "Choose the events, save, edit the destination again and copy its secret key here.",
    "Paddle takes five seconds for the tolerance: keep the clock of the hub's machine set, or set the source's toleranceSeconds.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "paddle-signature",
    itemSeparator: ";",
    keyValueSeparator: "=",
    // Several during a rotation of the key.
    field: "h1",
    encoding: "hex",
    signed: [{ field: "ts" }, { literal: ":" }, "body"],
    timestamp: { from: { field: "ts" }, unit: "seconds", toleranceSeconds: 5 },
    body: "json",
    deliveryId: { pointer: "/event_id" },
    eventType: { pointer: "/event_type" },
    keepHeaders: ["content-type", "user-agent"],
  },
  sample: {
    body: {
      event_id: "evt_$id",
      event_type: "transaction.completed",
      occurred_at: "$time",
      notification_id: "ntf_$id",
      data: {
        id: "txn_01hv8wptq8987qeep44cyrewp9",
        status: "completed",
        currency_code: "USD",
        details: { totals: { grand_total: "3000" } },
      },
    },
    eventType: "transaction.completed",
  },
};
