import type { Provider } from "./provider.ts";

export const docusign: Provider = {
  id: "docusign",
  name: "DocuSign",
  docsUrl: "https://developers.docusign.com/platform/webhooks/connect/hmac/",
  secretHint: "An HMAC key of Settings → Connect → Connect Keys, the text as it is shown once.",
  setup: [
    "Open Settings → Connect → Connect Keys → Add Secret Key, and paste the key here.",
    "Add Configuration → Custom. URL to publish: {url}, data format REST v2.1 (JSON), event message delivery: Send Individual Messages.",
    "Switch on Include HMAC Signature, choose the events and save.",
  ],
  handshake: undefined,
  successStatus: 200,
  scheme: {
    algorithm: "hmac-sha256",
    // One for each active key, in the order of the keys.
    header: [
      "x-docusign-signature-1",
      "x-docusign-signature-2",
      "x-docusign-signature-3",
      "x-docusign-signature-4",
      "x-docusign-signature-5",
    ],
    encoding: "base64",
    signed: ["body"],
    body: "json",
    // The envelope and the event are not enough: two recipients complete the same envelope one after the other.
    deliveryId: {
      firstOf: [
        {
          joined: [
            { pointer: "/data/envelopeId" },
            { pointer: "/event" },
            { pointer: "/data/recipientId" },
            { pointer: "/generatedDateTime" },
          ],
          separator: ":",
        },
        {
          joined: [{ pointer: "/data/envelopeId" }, { pointer: "/event" }, { pointer: "/generatedDateTime" }],
          separator: ":",
        },
        {
          joined: [{ pointer: ["/data/envelopeId", "/envelopeId"] }, { pointer: ["/event", "/status"] }],
          separator: ":",
        },
      ],
    },
    eventType: { pointer: "/event" },
    keepHeaders: ["content-type", "user-agent", "x-docusign-accountid"],
  },
  sample: {
    body: {
      event: "envelope-completed",
      apiVersion: "v2.1",
      uri: "/restapi/v2.1/accounts/32c3ecd1-0000-0000-0000-000000000000/envelopes/$id",
      retryCount: 0,
      configurationId: 10367061,
      generatedDateTime: "$time",
      data: {
        accountId: "32c3ecd1-0000-0000-0000-000000000000",
        envelopeId: "$id",
        envelopeSummary: { status: "completed", emailSubject: "Please sign the contract", completedDateTime: "$time" },
      },
    },
    eventType: "envelope-completed",
  },
};
