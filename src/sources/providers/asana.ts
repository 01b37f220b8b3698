import { asanaVerifier } from "../verifiers/asana-verifier.ts";
import type { Provider } from "./provider.ts";

export const asana: Provider = {
  id: "asana",
  name: "Asana",
  docsUrl: "https://developers.asana.com/docs/webhooks-guide",
  secretHint: "None to enter: Asana hands it over when the webhook is made (X-Hook-Secret), and the hub keeps it.",
  handsOverSecret: "to_keep",
  setup: [
    "Create the source without a secret, one for each Asana webhook: each has a secret of its own.",
    "POST https://app.asana.com/api/1.0/webhooks with the resource and target {url}. Asana's question is answered, and its secret kept.",
    "If the webhook is made anew, create a new source for it: a source never takes a second secret from a request.",
  ],
  handshake:
    "The first POST, with X-Hook-Secret, is answered with the same header, and the secret kept; a signed one without events (heartbeat) with an empty 200.",
  scheme: undefined,
  verifier: asanaVerifier,
  actor: ["/events/0/user/gid"],
  sample: {
    body: {
      events: [
        {
          user: { gid: "12345", resource_type: "user" },
          created_at: "$time",
          action: "changed",
          resource: { gid: "$id", resource_type: "task", resource_subtype: "default_task" },
          parent: null,
          change: { field: "due_at", action: "changed" },
        },
      ],
    },
    eventType: "task.changed",
  },
};
