import type { Provider } from "./provider.ts";

/** Hearsay: we found no documentation of webhooks of its own; these two ways are what is said of it. */
export const devin: Provider = {
  id: "devin",
  name: "Devin",
  docsUrl: "https://docs.devin.ai",
  secretHint: "The secret that the sender signs with, or the token that it sends as a bearer token.",
  setup: [
    "Create the source with a random text as its secret.",
    "Let what calls {url} sign with it (X-Webhook-Signature: sha256= and the HMAC of the body, in hex) or send it (Authorization: Bearer).",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-webhook-signature",
    prefix: "sha256=",
    encoding: "hex",
    signed: ["body"],
    alternatives: [{ algorithm: "static", header: "authorization", prefix: "Bearer " }],
    body: "json",
    deliveryId: { header: "x-webhook-id" },
    eventType: { firstOf: [{ pointer: ["/event", "/type"] }, { header: "x-webhook-event" }] },
    keepHeaders: ["content-type", "user-agent", "x-webhook-event", "x-webhook-id"],
  },
  sample: {
    headers: { "X-Webhook-ID": "$id" },
    body: {
      event: "session.status_changed",
      timestamp: "$time",
      session: { session_id: "devin-0123456789abcdef", status_enum: "finished", title: "Fix the failing export test" },
    },
    eventType: "session.status_changed",
  },
};
