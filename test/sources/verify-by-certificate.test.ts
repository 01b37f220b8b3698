import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { UnavailableError } from "../../src/lib/errors.ts";
import type { OutboundHttp, OutboundRequest } from "../../src/platform/outbound-http.ts";
import type { OutboundResult } from "../../src/platform/outbound-exchange.ts";
import { compileSecret } from "../../src/sources/compile-secret.ts";
import { SubscriptionConfirmer } from "../../src/sources/confirm-subscription.ts";
import { CertificateCache } from "../../src/sources/fetch-certificate.ts";
import type { SampleObject } from "../../src/sources/providers/provider.ts";
import { verifyInbound } from "../../src/sources/verify-inbound.ts";
import { certificate, certificateHosts, codeSubjectOf, paypalHeaders, signSns } from "../conformance/code-subject.ts";
import { nowMs, url } from "../conformance/subject.ts";
import { selfSignedCertificate } from "../support/self-signed-certificate.ts";

const json = ["Content-Type", "application/json"] as const;
const arn = "arn:aws:sns:us-west-2:123456789012:MyTopic";
const snsCertificate = certificateHosts["aws-sns"];
const subscribeUrl = `https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${arn}&Token=2336412f37fb687f5d51e6e241d0`;

/** A guarded client that goes nowhere, and answers with a certificate. */
function fakeFetcher(pem: string = certificate.toString(), status = 200) {
  const asked: string[] = [];
  const request = async ({ url: asking }: OutboundRequest): Promise<OutboundResult> => {
    asked.push(asking);
    const body = Buffer.from(pem);
    return { kind: "response", status, headers: {}, body, truncated: false, durationMs: 1, remoteAddress: "192.0.2.1" };
  };
  const time = { nowMs };
  const services = { clock: { now: () => time.nowMs }, outbound: { request } as unknown as OutboundHttp };
  return { asked, time, services, certificates: new CertificateCache(services) };
}

function message(changes: SampleObject = {}): SampleObject {
  const Timestamp = new Date(nowMs).toISOString();
  const told = { Type: "Notification", MessageId: "m-1", TopicArn: arn, Message: "Hello\nworld", Timestamp };
  return { ...told, ...changes };
}

const confirmation = (changes: SampleObject = {}) =>
  message({ Type: "SubscriptionConfirmation", Token: "2336412f37", SubscribeURL: subscribeUrl, ...changes });

async function receive(
  id: "aws-sns" | "paypal",
  secret: string,
  { certificates }: Pick<ReturnType<typeof fakeFetcher>, "certificates">,
  body: object | Buffer,
  headers: readonly (readonly [string, string])[] = [],
) {
  const { scheme } = codeSubjectOf(id);
  const compiled = compileSecret(scheme, secret);
  assert.ok(compiled.ok);
  const rawBody = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const request = { method: "POST", url, rawBody, headers: [json, ...headers].flat(), keys: [compiled.key], nowMs };
  return await verifyInbound(request, scheme, certificates);
}

const receiveSns = (fetcher: Pick<ReturnType<typeof fakeFetcher>, "certificates">, body: object) =>
  receive("aws-sns", arn, fetcher, body);
const reasonOf = async (result: ReturnType<typeof receive>) => {
  const decided = await result;
  return decided.ok ? "accepted" : decided.reason;
};

describe("aws-sns", () => {
  it("verifies both versions by a certificate that is fetched once", async () => {
    const fetcher = fakeFetcher();
    const results = await Promise.all([
      receiveSns(fetcher, signSns(message(), "1")),
      receiveSns(fetcher, signSns(message({ Subject: "Hi" }), "2")),
    ]);
    results.push(await receiveSns(fetcher, signSns(message({ Subject: null }))));
    for (const result of results) assert.ok(result.ok && result.eventType === "Notification");
    assert.deepEqual(fetcher.asked, [snsCertificate]);
  });

  it("refuses a certificate or subscribe URL on another host, and fetches nothing", async () => {
    const fetcher = fakeFetcher();
    const path = "/SimpleNotificationService-0123456789abcdef.pem";
    const urls = [
      `https://evil.example${path}`,
      `https://sns.us-west-2.amazonaws.com.evil.example${path}`,
      `https://evil.example/sns.us-west-2.amazonaws.com${path}`,
      `http://sns.us-west-2.amazonaws.com${path}`,
      `https://sns.us-west-2.amazonaws.com:8443${path}`,
      `https://user@sns.us-west-2.amazonaws.com${path}`,
      `https://sns.us-west-2.amazonaws.com@evil.example${path}`,
      `https://sns.us-west-2.amazonaws.com\\@evil.example${path}`,
      `https://SNS.us-west-2.amazonaws.com${path}`,
      `https://bucket.s3.amazonaws.com${path}`,
      `https://sns.us-west-2.amazonaws.com${path}?x=1`,
      `https://sns.us-west-2.amazonaws.com/x/..${path}`,
      `https://sns.us-west-2.amazonaws.com/other.pem`,
      `https://169.254.169.254${path}`,
      "",
    ];
    for (const SigningCertURL of urls) {
      const body = { ...signSns(message()), SigningCertURL };
      assert.equal(await reasonOf(receiveSns(fetcher, body)), "untrusted_url", SigningCertURL);
    }
    for (const SubscribeURL of [
      ...urls.filter((text) => text !== ""),
      snsCertificate,
      subscribeUrl.replace("Confirm", "Delete"),
    ])
      assert.equal(
        await reasonOf(receiveSns(fetcher, signSns(confirmation({ SubscribeURL })))),
        "untrusted_url",
        SubscribeURL,
      );
    assert.deepEqual(fetcher.asked, []);
  });

  it("refuses another topic, another type, another version and a stale message before anything is fetched", async () => {
    const fetcher = fakeFetcher();
    const reason = async (body: object) => await reasonOf(receiveSns(fetcher, body));
    assert.equal(await reason(signSns(message({ TopicArn: `${arn}2` }))), "wrong_sender");
    assert.equal(await reason(signSns(message({ Type: "Other" }))), "bad_signed_value");
    assert.equal(await reason({ ...signSns(message()), SignatureVersion: "3" }), "unknown_version");
    assert.equal(
      await reason(signSns(message({ Timestamp: new Date(nowMs - 3_601_000).toISOString() }))),
      "stale_timestamp",
    );
    assert.equal(await reason(signSns(message({ MessageId: "m\nTimestamp\nx" }))), "bad_signed_value");
    assert.equal(await reason(message()), "missing_signature");
    assert.deepEqual(fetcher.asked, []);
  });

  it("refuses a changed field, a hash that is not the version's, and a certificate that is out of its time, weak or of another kind", async () => {
    const fetcher = fakeFetcher();
    for (const name of ["Message", "MessageId", "Subject"])
      assert.equal(
        await reasonOf(receiveSns(fetcher, { ...signSns(message()), [name]: "changed" })),
        "signature_mismatch",
        name,
      );
    assert.equal(
      await reasonOf(receiveSns(fetcher, { ...signSns(message(), "1"), SignatureVersion: "2" })),
      "signature_mismatch",
    );
    const certificates = [
      selfSignedCertificate(["sns.amazonaws.com"], { rsaBits: 2048, nowMs: nowMs - 7_200_001 }),
      selfSignedCertificate(["sns.amazonaws.com"], { rsaBits: 2048, nowMs: nowMs + 7_200_001 }),
      selfSignedCertificate(["sns.amazonaws.com"], { rsaBits: 1024, nowMs }),
      selfSignedCertificate(["sns.amazonaws.com"], { nowMs }),
    ];
    for (const { cert, key } of certificates) {
      const signed = signSns(message(), "2", createPrivateKey(key));
      assert.equal(await reasonOf(receiveSns(fakeFetcher(cert), signed)), "bad_certificate");
    }
  });

  it("has a confirmation confirmed once, and only after it was verified", async () => {
    const fetcher = fakeFetcher();
    const result = await receiveSns(fetcher, signSns(confirmation()));
    assert.ok(result.ok);
    assert.equal(result.handshake?.confirmUrl, subscribeUrl);
    const forged = { ...signSns(confirmation()), Token: "x" };
    assert.equal(await reasonOf(receiveSns(fetcher, forged)), "signature_mismatch");
    const confirmer = new SubscriptionConfirmer(fetcher.services);
    await Promise.all([confirmer.confirm(subscribeUrl), confirmer.confirm(subscribeUrl)]);
    await confirmer.confirm(subscribeUrl);
    assert.deepEqual(fetcher.asked, [snsCertificate, subscribeUrl]);
  });

  it("takes the end of a subscription for an event, and does not subscribe again", async () => {
    const result = await receiveSns(fakeFetcher(), signSns(confirmation({ Type: "UnsubscribeConfirmation" })));
    assert.ok(result.ok && result.handshake === undefined);
    assert.equal(result.eventType, "UnsubscribeConfirmation");
  });

  it("a confirmation that fails is tried again when it is asked for again", async () => {
    const failing = fakeFetcher("", 500);
    const confirmer = new SubscriptionConfirmer(failing.services);
    for (let time = 0; time < 2; time += 1) await assert.rejects(confirmer.confirm(subscribeUrl), UnavailableError);
    assert.equal(failing.asked.length, 2);
  });
});

describe("a certificate that cannot be fetched", () => {
  it("is 503 for the sender, and is not asked for again at once", async () => {
    for (const fetcher of [
      fakeFetcher("", 404),
      fakeFetcher("no certificate"),
      fakeFetcher(certificate.toString(), 302),
    ]) {
      for (let time = 0; time < 3; time += 1)
        await assert.rejects(receiveSns(fetcher, signSns(message())), { code: "certificate_unavailable", status: 503 });
      assert.equal(fetcher.asked.length, 1);
      fetcher.time.nowMs += 30_001;
      await assert.rejects(fetcher.certificates.fetch(snsCertificate), UnavailableError);
      assert.equal(fetcher.asked.length, 2);
    }
  });

  it("is fetched anew after a day, and no more than eight of one host at a time", async () => {
    const fetcher = fakeFetcher();
    assert.ok((await fetcher.certificates.fetch(snsCertificate)) instanceof X509Certificate);
    fetcher.time.nowMs += 24 * 3_600_000;
    assert.equal(fetcher.certificates.find(snsCertificate), undefined);
    const many = Array.from({ length: 20 }, (_, index) => fetcher.certificates.fetch(`${snsCertificate}${index}`));
    const elsewhere = fetcher.certificates.fetch(certificateHosts.paypal);
    const settled = await Promise.allSettled(many);
    assert.ok((await elsewhere) instanceof X509Certificate);
    assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 8);
  });
});

describe("paypal", () => {
  const rawBody = Buffer.from('{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED"}');
  const webhookId = "1JE4291016473214C";

  it("verifies by the certificate on PayPal's own host, and fetches none from elsewhere", async () => {
    const fetcher = fakeFetcher();
    const headers = paypalHeaders(rawBody, webhookId, nowMs);
    const result = await receive("paypal", webhookId, fetcher, rawBody, headers);
    assert.ok(result.ok && result.deliveryId === "WH-1");
    assert.deepEqual(fetcher.asked, [certificateHosts.paypal]);
    for (const other of [
      "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1",
      "https://www.paypal.com/v1/notifications/certs/CERT-1",
      "https://api.paypal.com/redirect?to=CERT-1",
      "http://api.paypal.com/v1/notifications/certs/CERT-1",
    ]) {
      const changed = headers.map(([name, value]) => [name, name === "PAYPAL-CERT-URL" ? other : value] as const);
      assert.equal(await reasonOf(receive("paypal", webhookId, fetcher, rawBody, changed)), "untrusted_url", other);
    }
    assert.equal(fetcher.asked.length, 1);
  });

  it("refuses another algorithm, and a signature for another webhook", async () => {
    const fetcher = fakeFetcher();
    const headers = paypalHeaders(rawBody, webhookId, nowMs);
    const weak = headers.map(([name, value]) => [name, name === "PAYPAL-AUTH-ALGO" ? "SHA1withRSA" : value] as const);
    assert.equal(await reasonOf(receive("paypal", webhookId, fetcher, rawBody, weak)), "unknown_version");
    assert.equal(
      await reasonOf(receive("paypal", "1JE4291016473214D", fetcher, rawBody, headers)),
      "signature_mismatch",
    );
  });
});
