import type { Provider } from "./provider.ts";

/** The webhooks of an administrator or of the REST API. Those of OAuth and Connect apps are signed by a JWT instead. */
export const jira: Provider = {
  id: "jira",
  name: "Jira",
  docsUrl: "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
  secretHint: "The webhook's secret, generated or typed in when it is created; Jira does not show it again.",
  setup: [
    "Open Settings → System → WebHooks → Create a WebHook as a Jira administrator. URL: {url}.",
    "Generate a secret, paste it here too, choose the events and create it. Without a secret Jira does not sign.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-hub-signature",
    prefix: "sha256=",
    encoding: "hex",
    signed: ["body"],
    body: "json",
    deliveryId: { header: "x-atlassian-webhook-identifier" },
    eventType: { pointer: "/webhookEvent" },
    keepHeaders: [
      "content-type",
      "user-agent",
      "x-atlassian-webhook-flow",
      "x-atlassian-webhook-identifier",
      "x-atlassian-webhook-retry",
    ],
  },
  actor: ["/user/accountId", "/user/name"],
  sample: {
    headers: { "X-Atlassian-Webhook-Identifier": "$id", "X-Atlassian-Webhook-Flow": "Primary" },
    body: {
      timestamp: "$milliseconds",
      webhookEvent: "jira:issue_created",
      issue_event_type_name: "issue_created",
      issue: {
        id: "99291",
        key: "JRA-20002",
        fields: {
          summary: "The search page times out",
          project: { key: "JRA" },
          issuetype: { name: "Bug" },
          priority: { name: "High" },
          created: "$time",
        },
      },
    },
    eventType: "jira:issue_created",
  },
};
