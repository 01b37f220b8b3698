import type { Provider } from "./provider.ts";

export const sendgrid: Provider = {
  id: "sendgrid",
  name: "SendGrid",
  docsUrl:
    "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
  secretHint: "The verification key at Settings → Mail Settings → Event Webhooks: the public key, one line of base64.",
  setup: [
    "Open Settings → Mail Settings → Event Webhooks → Create new webhook. Post URL: {url}.",
    "Enable Signed Event Webhook, save, and copy the verification key here.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "ecdsa-p256",
    header: "x-twilio-email-event-webhook-signature",
    encoding: "base64",
    // The body ends with CRLF, which is signed too.
    signed: [{ header: "x-twilio-email-event-webhook-timestamp" }, "body"],
    // SendGrid names no tolerance and retries for a day; whether with a new timestamp it does not say.
    timestamp: {
      from: { header: "x-twilio-email-event-webhook-timestamp" },
      unit: "seconds",
      toleranceSeconds: 86_400,
    },
    secret: { encoding: "base64" },
    body: "json",
    batch: { items: "/*", deliveryId: { pointer: "/sg_event_id" }, eventType: { pointer: "/event" } },
    keepHeaders: ["content-type", "user-agent", "x-twilio-email-event-webhook-timestamp"],
  },
  sample: {
    body: [
      {
        email: "recipient@example.com",
        event: "delivered",
        sg_event_id: "ZGVsaXZlcmVk$id",
        sg_message_id: "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        response: "250 OK",
        timestamp: "$seconds",
      },
    ],
    eventType: "delivered",
  },
};
