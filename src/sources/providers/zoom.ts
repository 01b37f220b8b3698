import type { Provider } from "./provider.ts";

export const zoom: Provider = {
  id: "zoom",
  name: "Zoom",
  docsUrl: "https://developers.zoom.us/docs/api/webhooks/",
  secretHint: "The secret token on the Feature → Access page of the app; not the verification token.",
  setup: [
    "Copy the Secret Token from the app's Feature → Access page in the Zoom Marketplace here, and create the source first.",
    "Add an event subscription there with the event notification endpoint URL {url}, and press Validate: the question is answered.",
  ],
  handshake: "A signed endpoint.url_validation is answered with its plainToken and the HMAC of it.",
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-zm-signature",
    prefix: "v0=",
    encoding: "hex",
    signed: [{ literal: "v0:" }, { header: "x-zm-request-timestamp" }, { literal: ":" }, "body"],
    timestamp: { from: { header: "x-zm-request-timestamp" }, unit: "seconds", toleranceSeconds: 300 },
    body: "json",
    // No id: event_ts in the body tells apart what is not a repeat.
    eventType: { pointer: "/event" },
    keepHeaders: ["content-type", "user-agent", "x-zm-request-id", "x-zm-request-timestamp", "x-zm-trackingid"],
    handshake: {
      match: { pointer: "/event", equals: "endpoint.url_validation" },
      respond: {
        json: { plainToken: { pointer: "/payload/plainToken" }, encryptedToken: { hmac: "/payload/plainToken" } },
      },
    },
  },
  actor: ["/payload/operator"],
  sample: {
    body: {
      event: "meeting.ended",
      event_ts: "$milliseconds",
      payload: {
        account_id: "AAAAAABBBB",
        object: {
          id: "1234567890",
          uuid: "$id",
          topic: "Weekly planning",
          type: 2,
          duration: 60,
          timezone: "Europe/Berlin",
        },
      },
    },
    eventType: "meeting.ended",
  },
};
