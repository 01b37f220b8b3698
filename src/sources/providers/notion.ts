import type { Provider } from "./provider.ts";

export const notion: Provider = {
  id: "notion",
  name: "Notion",
  docsUrl: "https://developers.notion.com/reference/webhooks",
  secretHint:
    "The subscription's verification token (secret_…), which Notion sends once, unsigned, when the subscription is made.",
  handsOverSecret: "to_type_in",
  setup: [
    "Create the source without a secret. Open the integration's Webhooks tab → Create a subscription, with the URL {url}: Notion sends its verification token there, and the hub keeps it as the source's secret.",
    "The source then says handedOverSecret: waiting. POST /api/v1/sources/{id}/reveal-secret (owner or admin) shows the token, once.",
    "Press Verify subscription in Notion and type the token in.",
  ],
  handshake:
    "The first POST, unsigned and with a verification_token, is answered with an empty 200; the token is the secret, and kept unless there is another.",
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-notion-signature",
    prefix: "sha256=",
    encoding: "hex",
    signed: ["body"],
    body: "json",
    deliveryId: { pointer: "/id" },
    eventType: { pointer: "/type" },
    keepHeaders: ["content-type", "user-agent"],
    handshake: {
      request: "unsigned",
      match: { pointer: "/verification_token", exists: true },
      secretFrom: "/verification_token",
      respond: {},
    },
  },
  actor: ["/authors/0/id"],
  sample: {
    body: {
      id: "$id",
      timestamp: "$time",
      workspace_id: "13950b26-c203-4f3b-b97d-93ec06319565",
      subscription_id: "29d75c0d-5546-4414-8459-7b7a92f1fc4b",
      integration_id: "0ef2e755-4912-8096-91c1-00376a88a5ca",
      type: "page.created",
      attempt_number: 1,
      entity: { id: "153104cd-477e-809d-8dc4-ff2d96ae3090", type: "page" },
      data: { parent: { id: "0ef104cd-477e-80e1-8571-cfd10e92339a", type: "page" } },
    },
    eventType: "page.created",
  },
};
