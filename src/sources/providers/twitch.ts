import type { Provider } from "./provider.ts";

export const twitch: Provider = {
  id: "twitch",
  name: "Twitch",
  docsUrl: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
  secretHint:
    "The transport.secret (10 to 100 ASCII characters) that you pass when you create the EventSub subscription.",
  setup: [
    "Create the source with a random text as its secret.",
    "POST https://api.twitch.tv/helix/eventsub/subscriptions with transport method webhook, callback {url} and the same secret. Twitch asks it a challenge, which is answered.",
  ],
  handshake: "A signed webhook_callback_verification is answered with its challenge as text. A revocation is an event.",
  scheme: {
    algorithm: "hmac-sha256",
    header: "twitch-eventsub-message-signature",
    prefix: "sha256=",
    encoding: "hex",
    signed: [{ header: "twitch-eventsub-message-id" }, { header: "twitch-eventsub-message-timestamp" }, "body"],
    timestamp: { from: { header: "twitch-eventsub-message-timestamp" }, unit: "rfc3339", toleranceSeconds: 600 },
    body: "json",
    deliveryId: { header: "twitch-eventsub-message-id" },
    // `channel.follow`; when the subscription is revoked, its end: `channel.follow.user_removed`. The header with the kind of
    // message is not signed.
    eventType: {
      joined: [{ pointer: "/subscription/type" }, { pointer: "/subscription/status", except: ["enabled"] }],
    },
    keepHeaders: [
      "content-type",
      "user-agent",
      "twitch-eventsub-message-id",
      "twitch-eventsub-message-retry",
      "twitch-eventsub-message-timestamp",
      "twitch-eventsub-message-type",
      "twitch-eventsub-subscription-type",
      "twitch-eventsub-subscription-version",
    ],
    handshake: { match: { pointer: "/challenge", exists: true }, respond: { text: { pointer: "/challenge" } } },
  },
  sample: {
    headers: {
      "Twitch-Eventsub-Message-Id": "$id",
      "Twitch-Eventsub-Message-Type": "notification",
      "Twitch-Eventsub-Message-Retry": "0",
      "Twitch-Eventsub-Subscription-Type": "stream.online",
      "Twitch-Eventsub-Subscription-Version": "1",
    },
    body: {
      subscription: {
        id: "f1c2a387-161a-49f9-a165-0f21d7a4e1c4",
        type: "stream.online",
        version: "1",
        status: "enabled",
        cost: 0,
        condition: { broadcaster_user_id: "1337" },
        created_at: "2026-11-16T10:11:12.634234626Z",
      },
      event: { id: "9001", broadcaster_user_id: "1337", type: "live", started_at: "$time" },
    },
    eventType: "stream.online",
  },
};
