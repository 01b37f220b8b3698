import { snsVerifier } from "../verifiers/sns-verifier.ts";
import type { Provider } from "./provider.ts";

export const awsSns: Provider = {
  id: "aws-sns",
  name: "AWS SNS",
  docsUrl: "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
  secretHint:
    "The ARN of the topic (arn:aws:sns:region:account:name). Amazon signs for every topic of the world; the ARN says which one counts.",
  secretFields: [
    {
      label: "Topic ARN",
      hint: "On the topic's page in the SNS console. A source may have several topics.",
      required: true,
    },
  ],
  setup: [
    "Create the source with the topic's ARN, which stands for its secret.",
    "Create a subscription of the topic: protocol HTTPS, endpoint {url}, raw message delivery off (raw messages are not signed). It is confirmed by itself.",
    "Set the topic's SignatureVersion to 2 (SHA-256) where you can; 1 (SHA-1) is still the default.",
  ],
  handshake:
    "A signed SubscriptionConfirmation is confirmed by a GET of its SubscribeURL, and answered with an empty 200.",
  scheme: undefined,
  verifier: snsVerifier,
  sample: {
    body: {
      Type: "Notification",
      MessageId: "$id",
      TopicArn: "arn:aws:sns:us-west-2:123456789012:MyTopic",
      Subject: "My First Message",
      Message: "Hello world!",
      Timestamp: "$time",
      SignatureVersion: "2",
    },
    eventType: "Notification",
  },
};
