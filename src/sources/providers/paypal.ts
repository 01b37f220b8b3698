import { paypalVerifier } from "../verifiers/paypal-verifier.ts";
import type { Provider } from "./provider.ts";

export const paypal: Provider = {
  id: "paypal",
  name: "PayPal",
  docsUrl: "https://developer.paypal.com/api/rest/webhooks/rest/",
  secretHint: "The webhook's ID, beside its URL on the app's page: it is part of what PayPal signs.",
  secretFields: [{ label: "Webhook ID", hint: "Beside the webhook's URL on the app's page.", required: true }],
  setup: [
    "Add a webhook on the app's page in the PayPal Developer Dashboard. Webhook URL: {url}. PayPal gives it an ID only then: create the source with any ID of 17 letters and digits first.",
    "Rotate the source's secret to the Webhook ID that is shown beside the URL.",
    "Of the body PayPal signs a CRC-32 only: ask PayPal's API before money moves.",
  ],
  handshake: undefined,
  scheme: undefined,
  verifier: paypalVerifier,
  sample: {
    body: {
      id: "WH-$id",
      event_version: "1.0",
      create_time: "$time",
      resource_type: "capture",
      event_type: "PAYMENT.CAPTURE.COMPLETED",
      summary: "Payment completed for $ 57.6 USD",
      resource: { id: "7NW873794T343360M", status: "COMPLETED", amount: { currency_code: "USD", value: "57.60" } },
    },
    eventType: "PAYMENT.CAPTURE.COMPLETED",
  },
};
