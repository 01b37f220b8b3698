import type { Provider } from "./provider.ts";

export const slack: Provider = {
  id: "slack",
  name: "Slack",
  docsUrl: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
  secretHint: "The signing secret at Basic Information → App Credentials of the app; not the verification token.",
  setup: [
    "Copy the Signing Secret from Basic Information → App Credentials of your app here, and create the source first.",
    "Event Subscriptions → Enable Events, Request URL: {url}. Slack asks it a challenge, which is answered.",
    "Interactivity and slash commands may have the same URL.",
  ],
  handshake: "A signed url_verification is answered with its challenge as text, a signed ssl_check with an empty 200.",
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-slack-signature",
    prefix: "v0=",
    encoding: "hex",
    signed: [{ literal: "v0:" }, { header: "x-slack-request-timestamp" }, { literal: ":" }, "body"],
    timestamp: { from: { header: "x-slack-request-timestamp" }, unit: "seconds", toleranceSeconds: 300 },
    // Events are JSON; slash commands are forms, and interactions forms with JSON in the field `payload`.
    body: ["json", "form"],
    // A retried event has the same event_id; interactions and commands have a trigger_id.
    deliveryId: { pointer: ["/event_id", "/trigger_id"] },
    eventType: { pointer: ["/event/type", "/type", "/command"] },
    keepHeaders: [
      "content-type",
      "user-agent",
      "x-slack-request-timestamp",
      "x-slack-retry-num",
      "x-slack-retry-reason",
    ],
    handshake: [
      { match: { pointer: "/type", equals: "url_verification" }, respond: { text: { pointer: "/challenge" } } },
      { match: { pointer: "/ssl_check", equals: "1" }, respond: {} },
    ],
    // What answers an interaction or a command is shown to the user; only an empty body says no more than "received".
    answer: { match: { pointer: "/trigger_id", exists: true }, respond: {} },
  },
  actor: ["/event/user", "/event/user/id", "/event/bot_id", "/user/id", "/user_id"],
  sample: {
    body: {
      token: "not-looked-at",
      team_id: "T061EG9R6",
      api_app_id: "A0FFV41KK",
      type: "event_callback",
      event_id: "Ev$id",
      event_time: "$seconds",
      event: { type: "app_mention", channel: "C0LAN2Q65", ts: "1515449522.000016", text: "<@U0LAN0Z89> triage this" },
    },
    eventType: "app_mention",
  },
};
