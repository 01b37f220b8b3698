import { jiraJwtVerifier } from "../verifiers/jira-jwt-verifier.ts";
import type { Provider } from "./provider.ts";

export const jiraOauth: Provider = {
  id: "jira-oauth",
  name: "Jira (OAuth 2.0 and Connect apps)",
  docsUrl:
    "https://developer.atlassian.com/cloud/jira/platform/webhooks/#registering-a-webhook-using-the-rest-api--for-connect-and-oauth-2-0-apps-",
  secretHint: "The app's client secret (OAuth 2.0), or the sharedSecret of the installation (Connect).",
  setup: [
    "Copy the app's client secret from Settings in the Atlassian developer console here.",
    "Register the webhooks by POST /rest/api/3/webhook with the URL {url}.",
    "Jira signs a token that is good for a few minutes, and not the body: take it over TLS only.",
  ],
  handshake: undefined,
  scheme: undefined,
  verifier: jiraJwtVerifier,
  actor: ["/user/accountId", "/user/name"],
  sample: {
    headers: { "X-Atlassian-Webhook-Identifier": "$id" },
    body: {
      timestamp: "$milliseconds",
      webhookEvent: "jira:issue_created",
      issue: { id: "99291", key: "JRA-20002", fields: { summary: "The search page times out" } },
      matchedWebhookIds: [10007],
    },
    eventType: "jira:issue_created",
  },
};
