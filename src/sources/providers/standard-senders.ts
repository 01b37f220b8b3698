import type { Provider } from "./provider.ts";
import { standardScheme } from "./standard-scheme.ts";

/** Senders that sign by the Standard Webhooks scheme as it stands, under either family of header names. */

export const openai: Provider = {
  id: "openai",
  name: "OpenAI",
  docsUrl: "https://platform.openai.com/docs/guides/webhooks",
  secretHint: "The endpoint's signing secret, whsec_ and base64, shown once when the endpoint is created.",
  setup: [
    "Open Settings → Project → Webhooks → Create in the OpenAI dashboard. URL: {url}.",
    "Choose the event types, create it, and copy the signing secret here.",
  ],
  handshake: undefined,
  scheme: standardScheme("webhook"),
  sample: {
    headers: { "webhook-id": "wh_$id" },
    body: {
      id: "evt_$id",
      object: "event",
      created_at: "$seconds",
      type: "response.completed",
      data: { id: "resp_abc123" },
    },
    eventType: "response.completed",
  },
};

export const anthropic: Provider = {
  id: "anthropic",
  name: "Anthropic",
  docsUrl: "https://platform.claude.com/docs/en/managed-agents/webhooks",
  secretHint: "The endpoint's signing secret, whsec_ and base64, shown once when the endpoint is created.",
  setup: [
    "Open Manage → Webhooks in the Claude Console and add an endpoint. URL: {url}.",
    "Choose the event types and copy the signing secret here.",
  ],
  handshake: undefined,
  scheme: {
    ...standardScheme("webhook"),
    // The id is the event's and stays on a retry.
    deliveryId: { firstOf: [{ pointer: "/id" }, { header: "webhook-id" }] },
    // Every body is of the type `event`; which one stands in its data.
    eventType: { pointer: ["/data/type", "/type"] },
  },
  sample: {
    headers: { "webhook-id": "msg_$id" },
    body: {
      type: "event",
      id: "event_$id",
      created_at: "$time",
      data: { type: "session.status_idled", id: "sesn_01XYZ", workspace_id: "wrkspc_01ABC" },
    },
    eventType: "session.status_idled",
  },
};

export const replicate: Provider = {
  id: "replicate",
  name: "Replicate",
  docsUrl: "https://replicate.com/docs/topics/webhooks/verify-webhook",
  secretHint:
    "The account's webhook signing secret, whsec_ and base64: GET https://api.replicate.com/v1/webhooks/default/secret.",
  setup: [
    "Fetch the signing secret from the API (it is one for the account) and paste it here.",
    "Name {url} as `webhook` when you create a prediction or a training, with `webhook_events_filter`.",
  ],
  handshake: undefined,
  scheme: {
    ...standardScheme("webhook"),
    // The body is the prediction itself, which has no type but a state.
    eventType: { pointer: ["/type", "/status"] },
  },
  sample: {
    headers: { "webhook-id": "msg_$id" },
    body: {
      id: "ufawqhfynnddngldkgtslldrkq",
      version: "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa",
      status: "succeeded",
      input: { text: "Alice" },
      output: "hello Alice",
      completed_at: "$time",
    },
    eventType: "succeeded",
  },
};

export const clerk: Provider = {
  id: "clerk",
  name: "Clerk",
  docsUrl: "https://clerk.com/docs/guides/development/webhooks/syncing",
  secretHint: "The endpoint's signing secret, whsec_ and base64, on its page in the Clerk Dashboard.",
  setup: [
    "Open Configure → Webhooks → Add Endpoint in the Clerk Dashboard. Endpoint URL: {url}.",
    "Subscribe to events, create it, and copy the Signing Secret here.",
  ],
  handshake: undefined,
  scheme: standardScheme("svix"),
  sample: {
    headers: { "svix-id": "msg_$id" },
    body: {
      type: "user.created",
      object: "event",
      timestamp: "$milliseconds",
      data: { id: "user_29w83sxmDNGwOuEthce5gg56FcC", object: "user" },
    },
    eventType: "user.created",
  },
};

export const resend: Provider = {
  id: "resend",
  name: "Resend",
  docsUrl: "https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests",
  secretHint: "The webhook's signing secret, whsec_ and base64, on its page in the Resend dashboard.",
  setup: [
    "Open Webhooks → Add Webhook in the Resend dashboard. Endpoint URL: {url}.",
    "Choose the event types and copy the Signing Secret here.",
  ],
  handshake: undefined,
  scheme: standardScheme("svix"),
  sample: {
    headers: { "svix-id": "msg_$id" },
    body: {
      type: "email.delivered",
      created_at: "$time",
      data: { email_id: "56761188-7520-42d8-8898-ff6fc54ce618", subject: "Your receipt" },
    },
    eventType: "email.delivered",
  },
};
