import type { Provider } from "./provider.ts";

export const line: Provider = {
  id: "line",
  name: "LINE",
  docsUrl: "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
  secretHint: "The channel secret, on the Basic settings tab of the channel.",
  setup: [
    "Copy the Channel secret from the channel's Basic settings here, and create the source first.",
    "Messaging API → Webhook settings: URL {url}, press Verify, switch on Use webhook and Webhook redelivery.",
  ],
  handshake: "A signed delivery without events, which Verify sends, is answered with an empty 200.",
  successStatus: 200,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-line-signature",
    encoding: "base64",
    signed: ["body"],
    body: "json",
    batch: { items: "/events/*", deliveryId: { pointer: "/webhookEventId" }, eventType: { pointer: "/type" } },
    keepHeaders: ["content-type", "user-agent"],
    handshake: {
      match: [
        { pointer: "/events", exists: true },
        { pointer: "/events/0", exists: false },
      ],
      respond: {},
    },
  },
  actor: ["/events/0/source/userId"],
  sample: {
    body: {
      destination: "xxxxxxxxxx",
      events: [
        {
          type: "message",
          mode: "active",
          timestamp: "$milliseconds",
          webhookEventId: "$id",
          deliveryContext: { isRedelivery: false },
          replyToken: "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA",
          source: { type: "group", groupId: "Ca56f94637c0000000000000000000000" },
          message: { id: "444573844083572737", type: "text", text: "What is the status of the order?" },
        },
      ],
    },
    eventType: "message",
  },
};
