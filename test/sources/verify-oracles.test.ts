import assert from "node:assert/strict";
import { sign as signLikeGitHub, verify as verifyLikeGitHub } from "@octokit/webhooks-methods";
import fc from "fast-check";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";
import {
  accepted,
  githubSecret,
  json,
  nowSeconds,
  send,
  sourceOf,
  standardHeaders,
  standardId,
  standardSecret,
  stripeSecret,
} from "./verify-support.ts";

const bodies = fc.json({ maxDepth: 3 });
const runs = { numRuns: 40 };

describe("what the providers' own libraries sign", () => {
  it("@octokit/webhooks-methods verifies, and a changed byte does not", async () => {
    const source = sourceOf("github", githubSecret);
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const signature = await signLikeGitHub(githubSecret, body);
        const headers = [json, ["x-hub-signature-256", signature]] as const;
        accepted(source, { body, headers });
        const changed = `${body} `;
        assert.equal(await verifyLikeGitHub(githubSecret, changed, signature), false);
        assert.equal(send(source, { body: changed, headers }).ok, false);
      }),
      runs,
    );
  });

  it("standardwebhooks verifies", () => {
    const signer = new StandardWebhook(standardSecret);
    const source = sourceOf("standard-webhooks", standardSecret);
    fc.assert(
      fc.property(bodies, (body) => {
        const signature = signer.sign(standardId, new Date(nowSeconds * 1000), body);
        const { deliveryId } = accepted(source, { body, headers: standardHeaders(signature) });
        assert.equal(deliveryId, standardId);
      }),
      runs,
    );
  });

  it("svix verifies under its own header names", () => {
    const signer = new SvixWebhook(standardSecret);
    const source = sourceOf("svix", standardSecret);
    fc.assert(
      fc.property(bodies, (body) => {
        const signature = signer.sign(standardId, new Date(nowSeconds * 1000), body);
        const headers = [
          json,
          ["svix-id", standardId],
          ["svix-timestamp", String(nowSeconds)],
          ["svix-signature", signature],
        ] as const;
        accepted(source, { body, headers });
      }),
      runs,
    );
  });

  it("stripe verifies, with an older v0 and a second v1 beside it", () => {
    const source = sourceOf("stripe", stripeSecret);
    fc.assert(
      fc.property(bodies, (payload) => {
        const header = Stripe.webhooks.generateTestHeaderString({
          payload,
          secret: stripeSecret,
          timestamp: nowSeconds,
        });
        accepted(source, { body: payload, headers: [json, ["Stripe-Signature", header]] });
        const crowded = header.replace(",v1=", `,v0=${"0".repeat(64)},v1=${"0".repeat(64)},v1=`);
        accepted(source, { body: payload, headers: [json, ["Stripe-Signature", crowded]] });
      }),
      runs,
    );
  });

  it("a byte that is no UTF-8 is refused where svix takes another one for it", () => {
    const source = sourceOf("standard-webhooks", standardSecret);
    const timestamp = new Date(nowSeconds * 1000);
    const signature = new SvixWebhook(standardSecret).sign(standardId, timestamp, Buffer.from([0x22, 0xff, 0x22]));
    const result = send(source, { body: Buffer.from([0x22, 0xfe, 0x22]), headers: standardHeaders(signature) });
    assert.equal(result.ok, false);
  });
});
