import type { Provider } from "./provider.ts";

export const intercom: Provider = {
  id: "intercom",
  name: "Intercom",
  docsUrl: "https://developers.intercom.com/docs/webhooks/setting-up-webhooks#signed-notifications",
  secretHint: "The app's client secret, at Configure → Basic information in the Developer Hub.",
  setup: [
    "Open Configure → Webhooks of the app in the Developer Hub. Endpoint URL: {url}.",
    "Choose the topics, save, and copy the client secret from Basic information here.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha1",
    header: "x-hub-signature",
    prefix: "sha1=",
    encoding: "hex",
    signed: ["body"],
    body: "json",
    // delivery_attempts in the body changes with a retry, the id does not.
    deliveryId: { pointer: "/id" },
    eventType: { pointer: "/topic" },
    keepHeaders: ["content-type", "user-agent"],
  },
  sample: {
    body: {
      type: "notification_event",
      app_id: "wstopwfr",
      id: "notif_$id",
      topic: "conversation.user.created",
      delivery_status: "pending",
      delivery_attempts: 1,
      first_sent_at: "$seconds",
      data: {
        type: "notification_event_data",
        item: {
          type: "conversation",
          id: "1234567890",
          state: "open",
          source: { type: "conversation", delivered_as: "customer_initiated", body: "<p>How do I export?</p>" },
        },
      },
    },
    eventType: "conversation.user.created",
  },
};
