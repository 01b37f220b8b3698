import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { TestHub } from "../support/test-hub.ts";
import { type Header, type RawAnswer, request } from "./raw-http.ts";

/** What is signed. */
interface Signed {
  readonly url: string;
  readonly id: string;
  readonly body: Buffer;
  readonly secret: string;
  /** As it goes over the wire; seconds since the epoch, but for the tests that send something else. */
  readonly timestamp: string;
}

/** A provider that sends webhooks, or someone who would like to be taken for it. */
export interface Sender {
  readonly provider: string;
  readonly secret: string;
  readonly otherSecret: string;
  readonly verification?: object;
  /** The header of the signature. */
  readonly signatureHeader: string;
  /** A body that holds the delivery id where the provider puts it there. */
  bodyOf(id: string): string;
  /** The headers that make it an event of the provider. */
  headersOf(signed: Signed): Header[];
}

function hmac(secret: string | Buffer, ...content: readonly (string | Buffer)[]): Buffer {
  const signer = createHmac("sha256", secret);
  for (const part of content) signer.update(part);
  return signer.digest();
}

function standardSender(provider: string, family: string): Sender {
  return {
    provider,
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    otherSecret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    signatureHeader: `${family}-signature`,
    bodyOf: (id) => JSON.stringify({ type: "invoice.paid", data: { id } }),
    headersOf: ({ id, body, secret, timestamp }) => {
      const key = Buffer.from(secret.slice("whsec_".length), "base64");
      return [
        [`${family}-id`, id],
        [`${family}-timestamp`, timestamp],
        [`${family}-signature`, `v1,${hmac(key, `${id}.${timestamp}.`, body).toString("base64")}`],
      ];
    },
  };
}

export const github: Sender = {
  provider: "github",
  secret: "It's a Secret to Everybody",
  otherSecret: "It's another secret",
  signatureHeader: "X-Hub-Signature-256",
  bodyOf: (id) => JSON.stringify({ action: "opened", issue: { title: `Issue ${id}` } }),
  headersOf: ({ id, body, secret }) => [
    ["X-GitHub-Event", "issues"],
    ["X-GitHub-Delivery", id],
    ["X-Hub-Signature-256", `sha256=${hmac(secret, body).toString("hex")}`],
  ],
};

export const stripe: Sender = {
  provider: "stripe",
  secret: "whsec_test_secret",
  otherSecret: "whsec_another_secret",
  signatureHeader: "Stripe-Signature",
  bodyOf: (id) => JSON.stringify({ id, type: "charge.succeeded", data: { object: {} } }, undefined, 2),
  headersOf: ({ body, secret, timestamp }) => [
    ["Stripe-Signature", `t=${timestamp},v1=${hmac(secret, `${timestamp}.`, body).toString("hex")}`],
  ],
};

export const slack: Sender = {
  provider: "slack",
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  otherSecret: "9f742231b10e8888abcd99yyyzzz85a5",
  signatureHeader: "X-Slack-Signature",
  bodyOf: (id) => JSON.stringify({ type: "event_callback", event_id: id, event: { type: "app_mention" } }),
  headersOf: ({ body, secret, timestamp }) => [
    ["X-Slack-Request-Timestamp", timestamp],
    ["X-Slack-Signature", `v0=${hmac(secret, `v0:${timestamp}:`, body).toString("hex")}`],
  ],
};

export const standardWebhooks = standardSender("standard-webhooks", "webhook");
export const svix = standardSender("svix", "svix");

/** Signs its source's URL and the body. */
export const custom: Sender = {
  provider: "custom",
  secret: "a secret of our own",
  otherSecret: "someone else's secret",
  signatureHeader: "X-Acme-Signature",
  verification: {
    scheme: {
      algorithm: "hmac-sha256",
      header: "X-Acme-Signature",
      encoding: "base64",
      signed: ["url", { literal: "\n" }, "body"],
      deliveryId: { header: "X-Acme-Id" },
      eventType: { pointer: "/type" },
    },
  },
  bodyOf: (id) => JSON.stringify({ type: "order.placed", order: id }),
  headersOf: ({ url, id, body, secret }) => [
    ["X-Acme-Id", id],
    ["X-Acme-Signature", hmac(secret, `${url}\n`, body).toString("base64")],
  ],
};

/** Everyone who sends. */
export const senders: readonly Sender[] = [github, stripe, slack, standardWebhooks, svix, custom];

/** What a test does differently from the provider. */
export interface Delivery {
  readonly id?: string;
  readonly body?: string | Buffer;
  readonly secret?: string;
  readonly timestamp?: string;
  readonly contentType?: string;
  /** The URL that is signed and sent to instead of the source's own. */
  readonly url?: string;
  /** Changes the headers after signing. */
  readonly alter?: (headers: Header[]) => readonly Header[];
  /** Changes the body after signing. */
  readonly replaceBody?: (body: Buffer) => Buffer;
}

/** A source, and its provider. */
export interface SenderSource {
  readonly id: string;
  readonly url: string;
  readonly sender: Sender;
  send(delivery?: Delivery): Promise<RawAnswer>;
  /** The headers and body of what `send` would send, for tests that put the request together themselves. */
  sign(delivery?: Delivery): { readonly headers: readonly Header[]; readonly body: Buffer };
}

let deliveries = 0;

/** An id that no other delivery has. */
export function newDeliveryId(): string {
  deliveries += 1;
  return `delivery-${process.pid}-${deliveries}`;
}

/** Opens a source for this sender. `changes` are fields of the source. */
export async function openSource(
  { call, clock }: Pick<TestHub, "call" | "clock">,
  sender: Sender,
  changes: object = {},
): Promise<SenderSource> {
  const { provider, secret, verification = {} } = sender;
  const made = await call("POST", "/api/v1/sources", {
    name: `from ${provider}`,
    provider,
    secrets: [secret],
    verification,
    ...changes,
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { id, url } = made.body as { id: string; url: string };
  const sign = (delivery: Delivery = {}): { headers: readonly Header[]; body: Buffer } => {
    const deliveryId = delivery.id ?? newDeliveryId();
    const body = Buffer.from((delivery.body ?? sender.bodyOf(deliveryId)) as string);
    const timestamp = delivery.timestamp ?? String(Math.floor(clock.now() / 1000));
    const signed = { url: delivery.url ?? url, id: deliveryId, body, secret: delivery.secret ?? secret, timestamp };
    const headers: Header[] = [
      ["Content-Type", delivery.contentType ?? "application/json"],
      ...sender.headersOf(signed),
    ];
    return {
      headers: delivery.alter?.(headers) ?? headers,
      body: delivery.replaceBody?.(body) ?? body,
    };
  };
  return {
    id,
    url,
    sender,
    sign,
    send: async (delivery) => {
      const { headers, body } = sign(delivery);
      return await request("POST", delivery?.url ?? url, headers, body);
    },
  };
}

/** What the hub answers to one that it has stored. */
interface Stored {
  readonly eventId: string;
  readonly duplicate: boolean;
}

/** The hub's own answer of success; anything else fails the test. */
export function storedOf(answer: RawAnswer): Stored {
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body) as Stored;
}
