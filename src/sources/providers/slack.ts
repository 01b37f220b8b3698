import type { Provider } from "./provider.ts";

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const slack: Provider = {
  id: "slack",
  name: "Slack",
  secretHint: "The signing secret at Basic Information → App Credentials of the app; not the verification token.",
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
  },
};
