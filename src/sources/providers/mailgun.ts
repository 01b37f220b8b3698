import { mailgunVerifier } from "../verifiers/mailgun-verifier.ts";
import type { Provider } from "./provider.ts";

export const mailgun: Provider = {
  id: "mailgun",
  name: "Mailgun",
  docsUrl: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
  secretHint: "The HTTP webhook signing key, at Settings → API security; not an API key.",
  setup: [
    "Copy the HTTP webhook signing key from Settings → API security here.",
    "Open Sending → Webhooks of the domain → Add webhook. Choose the event type. URL: {url}.",
    "Mailgun signs a token, and not the payload: take it over TLS only. A token that comes again is a repeat, whatever comes with it.",
  ],
  handshake: undefined,
  successStatus: 200,
  scheme: undefined,
  verifier: mailgunVerifier,
  sample: {
    body: {
      "event-data": {
        event: "delivered",
        id: "$id",
        timestamp: "$seconds",
        recipient: "alice@example.com",
        message: { headers: { "message-id": "20130503182626.18666.16540@example.com", subject: "Test" } },
        "delivery-status": { code: 250, message: "OK", "attempt-no": 1 },
      },
    },
    eventType: "delivered",
  },
};
