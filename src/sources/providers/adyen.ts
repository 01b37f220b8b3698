import { adyenVerifier } from "../verifiers/adyen-verifier.ts";
import type { Provider } from "./provider.ts";

export const adyen: Provider = {
  id: "adyen",
  name: "Adyen",
  docsUrl: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
  secretHint: "The webhook's HMAC key in hex, shown once when it is generated.",
  setup: [
    "Open Developers → Webhooks → Create new webhook in the Customer Area: standard, or one of a platform. Server URL: {url}. Method: JSON.",
    "Generate the HMAC key there, copy it here, and save. Adyen takes some minutes before it signs with it.",
    "Of a standard webhook Adyen signs references, amount, code and outcome; the rest of an item is only as safe as TLS.",
  ],
  handshake: undefined,
  scheme: undefined,
  verifier: adyenVerifier,
  sample: {
    body: {
      live: "false",
      notificationItems: [
        {
          NotificationRequestItem: {
            amount: { currency: "EUR", value: 1130 },
            eventCode: "AUTHORISATION",
            eventDate: "$time",
            merchantAccountCode: "TestMerchant",
            merchantReference: "order: 4711",
            originalReference: "",
            paymentMethod: "visa",
            pspReference: "$id",
            reason: "",
            success: "true",
          },
        },
      ],
    },
    eventType: "AUTHORISATION",
  },
};
