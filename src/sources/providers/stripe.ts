import type { Provider } from "./provider.ts";

/** https://docs.stripe.com/webhooks#verify-manually */
export const stripe: Provider = {
  id: "stripe",
  name: "Stripe",
  secretHint: "The endpoint's signing secret (whsec_…) in Workbench → Webhooks, or what `stripe listen` prints.",
  handshake: undefined,
  scheme: {
    algorithm: "hmac-sha256",
    header: "stripe-signature",
    itemSeparator: ",",
    keyValueSeparator: "=",
    field: "v1",
    encoding: "hex",
    signed: [{ field: "t" }, { literal: "." }, "body"],
    timestamp: { from: { field: "t" }, unit: "seconds", toleranceSeconds: 300 },
    // Not base64 after whsec_, as Standard Webhooks has it: the whole string is the key.
    secret: { encoding: "utf8" },
    body: "json",
    deliveryId: { pointer: "/id" },
    eventType: { pointer: "/type" },
    keepHeaders: ["content-type", "user-agent"],
  },
};
