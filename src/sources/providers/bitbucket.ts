import type { Provider } from "./provider.ts";

export const bitbucket: Provider = {
  id: "bitbucket",
  name: "Bitbucket",
  docsUrl: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
  secretHint: "The secret that you type in at Repository settings → Webhooks.",
  setup: [
    "Open Repository settings → Webhooks → Add webhook. URL: {url}. Secret: a long random text, the same as here.",
    "Choose the triggers and save.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-hub-signature",
    prefix: "sha256=",
    encoding: "hex",
    signed: ["body"],
    body: "json",
    // Cloud, and Data Center, which calls it otherwise.
    deliveryId: { header: ["x-request-uuid", "x-request-id"] },
    eventType: { header: "x-event-key" },
    keepHeaders: [
      "content-type",
      "user-agent",
      "x-attempt-number",
      "x-event-key",
      "x-event-time",
      "x-hook-uuid",
      "x-request-id",
      "x-request-uuid",
    ],
  },
  // Of a person in the cloud, whose nickname anyone else may have too; of a user of Bitbucket Data Center.
  actor: ["/actor/account_id", "/actor/name"],
  sample: {
    headers: {
      "X-Event-Key": "pullrequest:created",
      "X-Request-UUID": "$id",
      "X-Hook-UUID": "f71ba03b-d3ed-4ac4-9f60-f2a5d3a1c1e0",
      "X-Attempt-Number": "1",
    },
    body: {
      repository: {
        type: "repository",
        full_name: "team_name/repo_name",
        uuid: "{673a6070-3421-46c9-9d48-90745f7bfe8e}",
      },
      pullrequest: {
        id: 1,
        title: "Add a health check",
        state: "OPEN",
        source: { branch: { name: "health-check" } },
        destination: { branch: { name: "main" } },
        created_on: "$time",
      },
    },
    eventType: "pullrequest:created",
  },
};
