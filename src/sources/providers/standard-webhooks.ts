import type { Provider } from "./provider.ts";
import { standardScheme } from "./standard-scheme.ts";

export const standardWebhooks: Provider = {
  id: "standard-webhooks",
  name: "Standard Webhooks",
  docsUrl: "https://www.standardwebhooks.com",
  secretHint: "The endpoint's signing secret, whsec_ and base64, or the sender's public key, whpk_ and base64.",
  setup: [
    "Register {url} as an endpoint at the sender.",
    "Copy the endpoint's signing secret (whsec_…) or the sender's public key (whpk_…) here.",
  ],
  handshake: undefined,
  scheme: standardScheme("webhook"),
  sample: {
    headers: { "webhook-id": "msg_$id" },
    body: { type: "contact.created", timestamp: "$time", data: { id: "1f81eb52-5198-4599-803e-771906343485" } },
    eventType: "contact.created",
  },
};

export const svix: Provider = {
  id: "svix",
  name: "Svix",
  docsUrl: "https://docs.svix.com/receiving/verifying-payloads/how",
  secretHint: "The endpoint's signing secret, whsec_ and base64, on its page in the sender's webhook portal.",
  setup: [
    "Add an endpoint with the URL {url} in the sender's webhook portal.",
    "Copy the Signing Secret from the endpoint's page here.",
  ],
  handshake: undefined,
  scheme: standardScheme("svix"),
  sample: {
    headers: { "svix-id": "msg_$id" },
    body: { type: "invoice.paid", timestamp: "$time", data: { id: "inv_2KWPBgLlAfxdpx2AI54pPJ85f4W" } },
    eventType: "invoice.paid",
  },
};
