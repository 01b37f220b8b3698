import { createRequire } from "node:module";
import { LinearWebhookClient } from "@linear/sdk/webhooks";
import { validateSignature } from "@line/bot-sdk";
import { verifyWebhookSignature } from "@notionhq/client";
import { verify as verifyLikeGitHub } from "@octokit/webhooks-methods";
import { Paddle } from "@paddle/paddle-node-sdk";
import { verifyKey } from "discord-interactions";
import { validateWebhook } from "replicate";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";

/** A signed delivery, as a verifier of the provider's own sees it. */
export interface Received {
  readonly secret: string;
  readonly body: string;
  readonly header: (name: string) => string;
}

/** A library that the provider wrote, or tells its users to take. */
export interface LibraryOracle {
  readonly library: string;
  readonly providers: readonly string[];
  /** True, or anything that is not false, when the library takes the delivery for genuine; throws or is false otherwise. */
  readonly verifies: (received: Received) => unknown;
}

interface SendGridEventWebhook {
  convertPublicKeyToECDSA(publicKey: string): object;
  verifySignature(publicKey: object, payload: Buffer, signature: string, timestamp: string): boolean;
}

/** The types of this package describe another shape than it has. */
const { EventWebhook } = createRequire(import.meta.url)("@sendgrid/eventwebhook") as {
  EventWebhook: new () => SendGridEventWebhook;
};

const paddle = new Paddle("no key is needed to verify");

export const libraryOracles: readonly LibraryOracle[] = [
  {
    library: "@octokit/webhooks-methods",
    providers: ["github"],
    verifies: ({ secret, body, header }) => verifyLikeGitHub(secret, body, header("x-hub-signature-256")),
  },
  {
    library: "stripe",
    providers: ["stripe"],
    verifies: ({ secret, body, header }) => Stripe.webhooks.constructEvent(body, header("stripe-signature"), secret),
  },
  {
    library: "standardwebhooks",
    providers: ["standard-webhooks", "gitlab", "anthropic", "openai"],
    verifies: ({ secret, body, header }) =>
      new StandardWebhook(secret).verify(body, standardHeaders("webhook", header)),
  },
  {
    library: "svix",
    providers: ["svix", "clerk", "resend"],
    verifies: ({ secret, body, header }) => new SvixWebhook(secret).verify(body, standardHeaders("svix", header)),
  },
  {
    library: "replicate",
    providers: ["replicate"],
    verifies: ({ secret, body, header }) =>
      validateWebhook({
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
        secret,
      }),
  },
  {
    library: "discord-interactions",
    providers: ["discord"],
    verifies: ({ secret, body, header }) =>
      verifyKey(body, header("x-signature-ed25519"), header("x-signature-timestamp"), secret),
  },
  {
    library: "@line/bot-sdk",
    providers: ["line"],
    verifies: ({ secret, body, header }) => validateSignature(body, secret, header("x-line-signature")),
  },
  {
    library: "@paddle/paddle-node-sdk",
    providers: ["paddle"],
    verifies: ({ secret, body, header }) => paddle.webhooks.isSignatureValid(body, secret, header("paddle-signature")),
  },
  {
    library: "@sendgrid/eventwebhook",
    providers: ["sendgrid"],
    verifies: ({ secret, body, header }) => {
      const webhook = new EventWebhook();
      const key = webhook.convertPublicKeyToECDSA(secret);
      const [signature, timestamp] = ["signature", "timestamp"].map((name) =>
        header(`x-twilio-email-event-webhook-${name}`),
      );
      return webhook.verifySignature(key, Buffer.from(body), signature ?? "", timestamp ?? "");
    },
  },
  {
    library: "@linear/sdk",
    providers: ["linear"],
    verifies: ({ secret, body, header }) =>
      new LinearWebhookClient(secret).verify(Buffer.from(body), header("linear-signature")),
  },
  {
    library: "@notionhq/client",
    providers: ["notion"],
    verifies: ({ secret, body, header }) =>
      verifyWebhookSignature({ body, signature: header("x-notion-signature"), verificationToken: secret }),
  },
];

function standardHeaders(family: string, header: (name: string) => string): Record<string, string> {
  return Object.fromEntries(
    ["id", "timestamp", "signature"].map((name) => [`${family}-${name}`, header(`${family}-${name}`)]),
  );
}
