import type { Provider } from "./provider.ts";

export const calendly: Provider = {
  id: "calendly",
  name: "Calendly",
  docsUrl: "https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures",
  secretHint: "The signing_key that you pass when you create the webhook subscription by the API.",
  setup: [
    "POST https://api.calendly.com/webhook_subscriptions with url {url}, the events, the scope, and signing_key: a long random text, the same as here.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "calendly-webhook-signature",
    itemSeparator: ",",
    keyValueSeparator: "=",
    field: "v1",
    encoding: "hex",
    signed: [{ field: "t" }, { literal: "." }, "body"],
    timestamp: { from: { field: "t" }, unit: "seconds", toleranceSeconds: 180 },
    body: "json",
    // No id: created_at in the body tells apart what is not a repeat.
    eventType: { pointer: "/event" },
    keepHeaders: ["content-type", "user-agent"],
  },
  sample: {
    body: {
      event: "invitee.created",
      created_at: "$time",
      created_by: "https://api.calendly.com/users/AAAAAAAAAAAAAAAA",
      payload: {
        uri: "https://api.calendly.com/scheduled_events/AAAAAAAAAAAAAAAA/invitees/$id",
        status: "active",
        timezone: "Europe/Berlin",
        event: "https://api.calendly.com/scheduled_events/AAAAAAAAAAAAAAAA",
        scheduled_event: { name: "15 Minute Call", start_time: "2026-08-05T15:30:00.000000Z" },
      },
    },
    eventType: "invitee.created",
  },
};
