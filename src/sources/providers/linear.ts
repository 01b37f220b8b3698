import type { Provider } from "./provider.ts";

export const linear: Provider = {
  id: "linear",
  name: "Linear",
  docsUrl: "https://linear.app/developers/webhooks#securing-webhooks",
  secretHint: "The webhook's signing secret, on its page at Settings → API.",
  setup: [
    "Open Settings → API → Webhooks → New webhook. URL: {url}.",
    "Choose the data change events, create it, and copy the signing secret here.",
  ],
  handshake: undefined,
  successStatus: 200,
  scheme: {
    algorithm: "hmac-sha256",
    header: "linear-signature",
    encoding: "hex",
    signed: ["body"],
    // The Linear-Timestamp header says the same, unsigned.
    timestamp: { from: { pointer: "/webhookTimestamp" }, unit: "milliseconds", toleranceSeconds: 60 },
    body: "json",
    deliveryId: { header: "linear-delivery" },
    eventType: { joined: [{ pointer: "/type" }, { pointer: "/action" }] },
    keepHeaders: ["content-type", "user-agent", "linear-delivery", "linear-event", "linear-timestamp"],
  },
  actor: ["/actor/email", "/actor/id"],
  sample: {
    headers: { "Linear-Delivery": "$id", "Linear-Event": "Issue" },
    body: {
      action: "create",
      type: "Issue",
      createdAt: "$time",
      organizationId: "2f7ab5e0-8b5b-4a1c-9c8b-0f3d2f6f5a11",
      webhookId: "000042e3-d123-4980-b49f-8e140eef9329",
      webhookTimestamp: "$milliseconds",
      data: {
        id: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9",
        identifier: "ENG-42",
        title: "Export fails for large projects",
        priority: 2,
        state: { name: "Todo", type: "unstarted" },
        team: { key: "ENG" },
      },
    },
    eventType: "Issue.create",
  },
};
