import type { Provider } from "./provider.ts";

export const box: Provider = {
  id: "box",
  name: "Box",
  docsUrl: "https://developer.box.com/guides/webhooks/v2/signatures-v2/",
  secretHint: "The primary and the secondary signature key, on the Webhooks tab of the app. Either is enough.",
  secretFields: [
    {
      label: "Primary key",
      hint: "Webhooks → Manage signature keys of the app in the Developer Console.",
      required: true,
    },
    { label: "Secondary key", hint: "On the same page; needed only while the keys are rotated.", required: false },
  ],
  setup: [
    "Generate the signature keys at Webhooks → Manage signature keys of the app in the Developer Console, and paste them here.",
    "Create webhook V2 there or by POST /2.0/webhooks. URL address: {url}.",
  ],
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: ["box-signature-primary", "box-signature-secondary"],
    encoding: "base64",
    signed: ["body", { header: "box-delivery-timestamp" }],
    timestamp: { from: { header: "box-delivery-timestamp" }, unit: "rfc3339", toleranceSeconds: 600 },
    body: "json",
    // Box-Delivery-Id is another one at each retry.
    deliveryId: { firstOf: [{ pointer: "/id" }, { header: "box-delivery-id" }] },
    eventType: { pointer: "/trigger" },
    keepHeaders: ["content-type", "user-agent", "box-delivery-id", "box-delivery-timestamp", "box-signature-version"],
  },
  actor: ["/created_by/login"],
  sample: {
    headers: { "Box-Delivery-Id": "$id", "Box-Signature-Version": "1", "Box-Signature-Algorithm": "HmacSHA256" },
    body: {
      type: "webhook_event",
      id: "$id",
      created_at: "$time",
      trigger: "FILE.UPLOADED",
      webhook: { id: "1234567890", type: "webhook" },
      source: { id: "11446498", type: "file", name: "contract.pdf", size: 629644 },
    },
    eventType: "FILE.UPLOADED",
  },
};
