import type { Provider } from "./provider.ts";

export const sentry: Provider = {
  id: "sentry",
  name: "Sentry",
  docsUrl: "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
  secretHint: "The client secret of the internal or public integration, on its page at Settings → Custom Integrations.",
  setup: [
    "Open Settings → Custom Integrations → Create New Integration → Internal Integration. Webhook URL: {url}.",
    "Choose the resources to be told of, save, and copy the Client Secret here.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "sentry-hook-signature",
    encoding: "hex",
    // Sentry-Hook-Timestamp is not signed.
    signed: ["body"],
    body: "json",
    deliveryId: { header: "request-id" },
    eventType: { joined: [{ header: "sentry-hook-resource" }, { pointer: "/action" }] },
    keepHeaders: ["content-type", "user-agent", "request-id", "sentry-hook-resource", "sentry-hook-timestamp"],
  },
  actor: ["/actor/id"],
  sample: {
    headers: { "Request-ID": "$id", "Sentry-Hook-Resource": "issue", "Sentry-Hook-Timestamp": "$seconds" },
    body: {
      action: "created",
      installation: { uuid: "a8e5d37a-696c-4c54-adb5-b3f28d64c7de" },
      data: {
        issue: {
          id: "1170820242",
          shortId: "API-1X",
          title: "TypeError: Cannot read properties of undefined",
          level: "error",
          status: "unresolved",
          culprit: "api/orders in create",
          firstSeen: "$time",
        },
      },
      actor: { type: "application", id: "sentry", name: "Sentry" },
    },
    eventType: "issue.created",
  },
};
