import type { Provider } from "./provider.ts";

export const cursor: Provider = {
  id: "cursor",
  name: "Cursor",
  docsUrl: "https://docs.cursor.com/en/background-agent/api/webhooks",
  secretHint: "The webhook.secret (at least 32 characters) that you pass when you launch the agent.",
  setup: [
    "Create the source with a random text of 32 characters or more as its secret.",
    "Launch agents by POST https://api.cursor.com/v0/agents with webhook: {url: {url}, secret: the same text}.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-webhook-signature",
    prefix: "sha256=",
    encoding: "hex",
    signed: ["body"],
    body: "json",
    deliveryId: { header: "x-webhook-id" },
    eventType: { firstOf: [{ pointer: "/event" }, { header: "x-webhook-event" }] },
    keepHeaders: ["content-type", "user-agent", "x-webhook-event", "x-webhook-id"],
  },
  sample: {
    headers: { "X-Webhook-ID": "$id", "X-Webhook-Event": "statusChange" },
    body: {
      event: "statusChange",
      timestamp: "$time",
      id: "bc_abc123",
      status: "FINISHED",
      source: { repository: "https://github.com/octo-org/hello-world", ref: "main" },
      target: { branchName: "cursor/add-readme-1234", prUrl: "https://github.com/octo-org/hello-world/pull/1234" },
      summary: "Added README.md with installation instructions",
    },
    eventType: "statusChange",
  },
};
