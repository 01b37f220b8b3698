import type { Provider } from "./provider.ts";

export const xero: Provider = {
  id: "xero",
  name: "Xero",
  docsUrl: "https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/",
  secretHint: "The webhooks key, on the Webhooks page of the app.",
  setup: [
    "Open the app's Webhooks page, choose the events, and copy the Webhooks key here; create the source first.",
    "Send notifications to: {url}. Press Send 'Intent to receive': rightly signed requests get 200, wrongly signed ones 401.",
  ],
  handshake:
    "Intent to receive: a signed delivery without events is answered with an empty 200, a wrongly signed one with 401.",
  successStatus: 200,
  scheme: {
    algorithm: "hmac-sha256",
    header: "x-xero-signature",
    encoding: "base64",
    signed: ["body"],
    body: "json",
    batch: {
      items: "/events/*",
      deliveryId: {
        joined: [
          { pointer: "/tenantId" },
          { pointer: "/resourceId" },
          { pointer: "/eventType" },
          { pointer: "/eventDateUtc" },
        ],
        separator: ":",
      },
      // `UPDATE` alone says nothing: of what stands beside it.
      eventType: { joined: [{ pointer: "/eventCategory" }, { pointer: "/eventType" }] },
    },
    keepHeaders: ["content-type", "user-agent"],
    handshake: {
      match: [
        { pointer: "/events", exists: true },
        { pointer: "/events/0", exists: false },
      ],
      respond: {},
    },
    // Xero takes an answer with a body for a failure.
    answer: { respond: {} },
  },
  sample: {
    body: {
      events: [
        {
          resourceUrl: "https://api.xero.com/api.xro/2.0/Invoices/717f2bfc-c6d4-41fd-b238-3f2f0c0cf777",
          resourceId: "$id",
          eventDateUtc: "2026-06-21T01:15:39.902",
          eventType: "UPDATE",
          eventCategory: "INVOICE",
          tenantId: "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f",
          tenantType: "ORGANISATION",
        },
      ],
      firstEventSequence: 1,
      lastEventSequence: 1,
      entropy: "S0m3r4Nd0mt3xt",
    },
    eventType: "INVOICE.UPDATE",
  },
};
