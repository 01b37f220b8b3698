import type { Provider } from "./provider.ts";

export const github: Provider = {
  id: "github",
  name: "GitHub",
  docsUrl: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
  secretHint: "The secret that you type in at Settings → Webhooks of the repository, organisation or app.",
  setup: [
    "Open Settings → Webhooks → Add webhook in the repository or organisation, or the webhook section of a GitHub App.",
    "Payload URL: {url}. Content type: application/json. Secret: a long random text, the same as here.",
    "Choose the events and save; the ping that follows shows up as an event of type ping.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    // x-hub-signature, the SHA-1 of the same, comes along and is not looked at.
    header: "x-hub-signature-256",
    prefix: "sha256=",
    encoding: "hex",
    signed: ["body"],
    // A hook of content type "form" wraps the JSON in the field `payload`, which reads as that JSON.
    body: "json",
    deliveryId: { header: "x-github-delivery" },
    eventType: { joined: [{ header: "x-github-event" }, { pointer: "/action" }] },
    keepHeaders: [
      "content-type",
      "user-agent",
      "x-github-delivery",
      "x-github-event",
      "x-github-hook-id",
      "x-github-hook-installation-target-id",
      "x-github-hook-installation-target-type",
      "x-github-enterprise-host",
      "x-github-enterprise-version",
    ],
  },
  actor: ["/sender/login"],
  sample: {
    headers: { "X-GitHub-Event": "issues", "X-GitHub-Delivery": "$id", "X-GitHub-Hook-ID": "292430182" },
    body: {
      action: "opened",
      issue: {
        number: 1347,
        title: "Sign-in fails after the session expires",
        state: "open",
        labels: [{ name: "bug" }],
        created_at: "$time",
      },
      repository: { id: 1296269, name: "hello-world", full_name: "octo-org/hello-world", private: false },
      sender: { login: "octocat", type: "User" },
    },
    eventType: "issues.opened",
  },
};
