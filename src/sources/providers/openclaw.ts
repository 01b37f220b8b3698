import type { Provider } from "./provider.ts";

export const openclaw: Provider = {
  id: "openclaw",
  name: "OpenClaw",
  docsUrl: "https://docs.openclaw.ai/automation/webhook",
  secretHint: "The hook token of the gateway; or the secret that the sender signs with, where it signs.",
  setup: [
    "Create the source with a random text as its secret.",
    "Let the gateway call {url} with the same text as Authorization: Bearer or X-OpenClaw-Token; or sign with it (X-Webhook-Signature: sha256= and the HMAC of the body, in hex).",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-webhook-signature",
    prefix: "sha256=",
    encoding: "hex",
    signed: ["body"],
    alternatives: [
      { algorithm: "static", header: "authorization", prefix: "Bearer " },
      { algorithm: "static", header: "x-openclaw-token" },
    ],
    body: "json",
    deliveryId: { header: "x-webhook-id" },
    eventType: { firstOf: [{ pointer: ["/event", "/type"] }, { header: "x-webhook-event" }] },
    keepHeaders: ["content-type", "user-agent", "x-webhook-event", "x-webhook-id"],
  },
  sample: {
    headers: { "X-Webhook-ID": "$id" },
    body: {
      event: "agent.completed",
      agentId: "main",
      sessionKey: "hook:email:msg-123",
      name: "Email",
      message: "Two messages need an answer",
      completedAt: "$time",
    },
    eventType: "agent.completed",
  },
};
