import type { Provider } from "./provider.ts";

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
export const github: Provider = {
  id: "github",
  name: "GitHub",
  secretHint: "The secret that you type in at Settings → Webhooks of the repository, organisation or app.",
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
};
