import type { VerificationScheme } from "../verification-scheme.ts";
import type { Provider } from "./provider.ts";

const docsUrl = "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests";

const event: Pick<VerificationScheme, "body" | "batch"> = {
  body: "json",
  batch: {
    items: "/*",
    // HubSpot says of eventId that it need not be unique; attemptNumber changes with a retry, these do not.
    deliveryId: {
      joined: [{ pointer: "/eventId" }, { pointer: "/subscriptionId" }, { pointer: "/occurredAt" }],
      separator: ":",
    },
    eventType: { pointer: "/subscriptionType" },
  },
};

const sample: Provider["sample"] = {
  body: [
    {
      eventId: "$number",
      subscriptionId: 12345,
      portalId: 62515,
      appId: 54321,
      occurredAt: "$milliseconds",
      subscriptionType: "contact.creation",
      attemptNumber: 0,
      objectId: 123,
      changeSource: "CRM",
      changeFlag: "NEW",
    },
  ],
  eventType: "contact.creation",
};

export const hubspot: Provider = {
  id: "hubspot",
  name: "HubSpot",
  docsUrl,
  secretHint: "The app's client secret, on the Auth page of the app.",
  setup: [
    "Set {url} as the target URL of the app's webhooks, to the letter: it is part of what is signed.",
    "Copy the app's client secret here, and create the subscriptions.",
    "If HubSpot reaches the hub by another URL, set that one as the source's verification.url.",
  ],
  handshake: undefined,
  scheme: {
    ...event,
    algorithm: "hmac-sha256",
    header: "x-hubspot-signature-v3",
    encoding: "base64",
    signed: ["method", "url", "body", { header: "x-hubspot-request-timestamp" }],
    timestamp: { from: { header: "x-hubspot-request-timestamp" }, unit: "milliseconds", toleranceSeconds: 300 },
    keepHeaders: ["content-type", "user-agent", "x-hubspot-request-timestamp"],
  },
  sample,
};

/**
 * A provider of its own, not alternatives of `hubspot`: HubSpot sends these signatures beside v3, and they sign no time, so that a v3
 * request would verify for ever with its v3 signature taken off.
 */
export const hubspotLegacy: Provider = {
  id: "hubspot-legacy",
  name: "HubSpot (signatures v1 and v2)",
  docsUrl,
  secretHint: "The app's client secret, on the Auth page of the app.",
  setup: [
    "Only for apps whose requests have no X-HubSpot-Signature-v3 header; otherwise take the provider hubspot.",
    "Set {url} as the target URL of the app's webhooks or workflow action, and copy the app's client secret here.",
  ],
  handshake: undefined,
  scheme: {
    ...event,
    algorithm: "sha256-prefix",
    header: "x-hubspot-signature",
    encoding: "hex",
    signed: ["body"],
    alternatives: [
      { algorithm: "sha256-prefix", header: "x-hubspot-signature", encoding: "hex", signed: ["method", "url", "body"] },
    ],
    keepHeaders: ["content-type", "user-agent", "x-hubspot-signature-version"],
  },
  sample,
};
