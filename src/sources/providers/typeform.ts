import type { Provider } from "./provider.ts";

export const typeform: Provider = {
  id: "typeform",
  name: "Typeform",
  docsUrl: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
  secretHint: "The secret that you type in at Connect → Webhooks → Edit of the form.",
  setup: [
    "Open Connect → Webhooks → Add a webhook of the form. Endpoint: {url}.",
    "Edit it: Secret: a long random text, the same as here. Save and switch it on.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "typeform-signature",
    prefix: "sha256=",
    encoding: "base64",
    signed: ["body"],
    body: "json",
    deliveryId: { pointer: "/event_id" },
    eventType: { pointer: "/event_type" },
    keepHeaders: ["content-type", "user-agent"],
  },
  sample: {
    body: {
      event_id: "$id",
      event_type: "form_response",
      form_response: {
        form_id: "lT4Z3j",
        token: "a3a12ec67a1365927098a606107fac15",
        submitted_at: "$time",
        definition: { id: "lT4Z3j", title: "Support request" },
        answers: [{ type: "text", text: "The export never ends", field: { id: "JwWggjAKtOkA", type: "short_text" } }],
      },
    },
    eventType: "form_response",
  },
};
