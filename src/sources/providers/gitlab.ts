import type { Provider } from "./provider.ts";
import { standardMethod } from "./standard-scheme.ts";

export const gitlab: Provider = {
  id: "gitlab",
  name: "GitLab",
  docsUrl: "https://docs.gitlab.com/user/project/integrations/webhooks/",
  secretHint:
    "The webhook's signing token, whsec_ and base64, as GitLab shows it once; or its secret token, a text of your choice, where GitLab has no signing tokens yet.",
  setup: [
    "Open Settings → Webhooks → Add new webhook in the project or group. URL: {url}.",
    "Generate a signing token and paste it here. An older GitLab has only a secret token, which is sent as it is: type a long random text there and here.",
    "Choose the triggers, leave SSL verification on, and save. Test sends an example.",
  ],
  handshake: undefined,
  scheme: {
    ...standardMethod("webhook"),
    alternatives: [{ algorithm: "static", header: "x-gitlab-token" }],
    body: "json",
    // Not X-Gitlab-Event-UUID first: hooks that a hook set off share it with that one. Idempotency-Key came with 17.4 and equals webhook-id.
    deliveryId: { header: ["webhook-id", "idempotency-key", "x-gitlab-event-uuid"] },
    eventType: { header: "x-gitlab-event" },
    keepHeaders: [
      "content-type",
      "user-agent",
      "idempotency-key",
      "webhook-id",
      "webhook-timestamp",
      "x-gitlab-event",
      "x-gitlab-event-uuid",
      "x-gitlab-instance",
      "x-gitlab-webhook-uuid",
    ],
  },
  actor: ["/user/username", "/user_username"],
  sample: {
    headers: {
      "webhook-id": "$id",
      "Idempotency-Key": "$id",
      "X-Gitlab-Event": "Merge Request Hook",
      "X-Gitlab-Instance": "https://gitlab.example",
    },
    body: {
      object_kind: "merge_request",
      event_type: "merge_request",
      project: { id: 1, name: "Gitlab Test", path_with_namespace: "gitlab-org/gitlab-test", default_branch: "master" },
      object_attributes: {
        id: 99,
        iid: 1,
        title: "MS-Viewport",
        state: "opened",
        action: "open",
        source_branch: "ms-viewport",
        target_branch: "master",
        created_at: "$time",
      },
    },
    eventType: "Merge Request Hook",
  },
};
