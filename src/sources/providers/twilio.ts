import { twilioVerifier } from "../verifiers/twilio-verifier.ts";
import type { Provider } from "./provider.ts";

export const twilio: Provider = {
  id: "twilio",
  name: "Twilio",
  docsUrl: "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
  secretHint: "The account's Auth Token, on the home page of the Twilio Console. While it is rotated: both.",
  setup: [
    "Set {url} as the webhook or status callback URL of the number, service or call, method POST, to the letter: it is part of what is signed.",
    "Copy the account's Auth Token here. An API key's secret does not sign.",
    "If Twilio reaches the hub by another URL, set that one as the source's verification.url.",
  ],
  handshake: undefined,
  scheme: undefined,
  verifier: twilioVerifier,
  sample: {
    body: {
      AccountSid: "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
      ApiVersion: "2010-04-01",
      Body: "Ahoy & good morning",
      From: "+15017122661",
      MessageSid: "SM$id",
      NumMedia: "0",
      SmsMessageSid: "SM$id",
      SmsSid: "SM$id",
      SmsStatus: "received",
      To: "+15558675310",
    },
    eventType: "received",
  },
};
