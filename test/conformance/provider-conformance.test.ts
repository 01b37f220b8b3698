import assert from "node:assert/strict";
import { signSample } from "../../src/sources/sign-sample.ts";
import { splitDelivery } from "../../src/sources/split-delivery.ts";
import { withValueAt } from "../../src/sources/verification/json-pointer.ts";
import type { VerifiedRequest } from "../../src/sources/verify-request.ts";
import { nowMs, type Subject, subjects, type TestSecret, url, verify, withSignature } from "./subject.ts";

type Sent = Parameters<typeof verify>[2];

function accepted(subject: Subject, secrets: readonly TestSecret[], sent: Sent, atMs?: number): VerifiedRequest {
  const result = verify(subject, secrets, sent, atMs);
  assert.ok(result.ok, result.ok ? "" : `refused as ${result.reason}`);
  assert.equal(result.handshake, undefined, "taken for a handshake");
  return result;
}

function refused(subject: Subject, secrets: readonly TestSecret[], sent: Sent, what: string, atMs?: number): void {
  const result = verify(subject, secrets, sent, atMs);
  assert.equal(result.ok, false, `accepted ${what}`);
  assert.equal(!result.ok && result.status, 401, what);
}

/** The delivery with its signature changed, wherever that stands. */
function changed(subject: Subject, secret: TestSecret, change: (text: string) => string): Sent {
  const delivery = subject.deliver(secret);
  const { pointer } = subject.method;
  if (pointer === undefined) return withSignature(delivery, change);
  const body = withValueAt(JSON.parse(delivery.rawBody.toString()), pointer, change(delivery.signatureText));
  return { ...delivery, rawBody: Buffer.from(JSON.stringify(body)) };
}

/** Texts that are not the signature, though a lenient decoder would read some of them as its bytes. */
function otherSpellings({ method }: Subject, signature: string): readonly string[] {
  const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
  const common = [
    "",
    " ",
    "\u0000",
    "null",
    signature.slice(0, -1),
    `${signature}A`,
    ` ${signature}`,
    `${signature}\t`,
  ];
  if (method.encoding === "plain") return [...common, flipped, signature.toUpperCase(), signature.toLowerCase()];
  const bytes = Buffer.from(signature, method.encoding);
  if (method.encoding === "hex")
    return [...common, bytes.toString("base64"), `0x${signature}`, `${signature.slice(0, -2)}zz`, `${signature}00`];
  const loose = signature.replace(/[A-Za-z0-9+/](?==*$)/, (last) => String.fromCharCode(last.charCodeAt(0) ^ 1));
  const spellings = [
    bytes.toString("hex"),
    bytes.toString("base64url"),
    signature.replace(/=+$/, ""),
    `${signature}=`,
    signature.toUpperCase(),
    `${signature.slice(0, 4)}\n${signature.slice(4)}`,
    ...(signature.endsWith("=") ? [loose] : []),
  ];
  return [...common, ...spellings.filter((spelling) => spelling !== signature)];
}

for (const subject of subjects()) {
  const { deliver, method, scheme, sample } = subject;

  describe(`conformance of ${subject.title}`, () => {
    const secret = subject.newSecret();
    const other = subject.newSecret();

    it("a valid delivery is accepted, with its type, its id and no signature among its headers", () => {
      const delivery = deliver(secret);
      const verified = accepted(subject, [secret], delivery);
      assert.equal(verified.eventType, sample.eventType);
      assert.ok(verified.deliveryId.length > 0);
      assert.equal(verified.contentType, "application/json");
      assert.deepEqual(verified.body, JSON.parse(delivery.rawBody.toString()));
      const kept = Object.keys(verified.headers);
      for (const name of [...scheme.signatureHeaders, "authorization"]) assert.ok(!kept.includes(name), name);
      for (const [name] of sample.headers === undefined ? [] : Object.entries(sample.headers))
        if (scheme.keepHeaders.includes(name.toLowerCase())) assert.ok(kept.includes(name.toLowerCase()), name);
    });

    it("its sample is signed by signSample, or is said to need a private key", () => {
      const signed = signSample(scheme, secret.text, { id: "019a-2", nowMs, url }, sample);
      if (signed.ok) accepted(subject, [secret], signed);
      else assert.equal(signed.unsupported, "public_key");
      assert.equal(signed.ok, !["ed25519", "ecdsa-p256", "rsa-sha256"].includes(method.algorithm));
    });

    it("a repeat has the same delivery id, and another delivery another", () => {
      const idOf = (id: string) => accepted(subject, [secret], deliver(secret, { id })).deliveryId;
      assert.equal(idOf("019a-1"), idOf("019a-1"));
      assert.notEqual(idOf("019a-1"), idOf("019a-2"));
    });

    // Who sends a static secret signs nothing.
    if (method.algorithm !== "static")
      it("a tampered body is refused", () => {
        const delivery = deliver(secret);
        const text = delivery.rawBody.toString();
        const bodies = [`${text} `, ` ${text}`, text.replace(/[a-z]/, "X"), text.slice(0, -1), "{}", ""];
        for (const body of bodies)
          refused(subject, [secret], { ...delivery, rawBody: Buffer.from(body) }, JSON.stringify(body.slice(0, 60)));
      });

    it("a wrong secret is refused, and so is no secret", () => {
      refused(subject, [other], deliver(secret), "a wrong secret");
      refused(subject, [], deliver(secret), "no secret");
    });

    it("while a secret is rotated, both verify; afterwards the old one does not", () => {
      accepted(subject, [secret, other], deliver(secret));
      accepted(subject, [secret, other], deliver(other));
      accepted(subject, [other, secret], deliver(secret));
      refused(subject, [other], deliver(secret), "a retired secret");
    });

    const { timestamp } = method;
    if (timestamp !== undefined)
      it("a stale delivery and one of the future are refused, the edges of the tolerance are not", () => {
        const toleranceMs = timestamp.toleranceSeconds * 1000;
        accepted(subject, [secret], deliver(secret), nowMs + toleranceMs);
        accepted(subject, [secret], deliver(secret), nowMs - toleranceMs);
        refused(subject, [secret], deliver(secret), "a stale delivery", nowMs + toleranceMs + 1);
        refused(subject, [secret], deliver(secret), "a delivery of the future", nowMs - toleranceMs - 1000);
      });

    it("without its signature, or any header that is signed, it is refused", () => {
      const delivery = deliver(secret);
      const needed = [...method.headers, ...method.variableParts.map(({ name }) => name), method.timestamp?.header];
      for (const [name] of delivery.headers) {
        if (!needed.includes(name.toLowerCase())) continue;
        const headers = delivery.headers.filter(([header]) => header !== name);
        refused(subject, [secret], { ...delivery, headers }, `no ${name}`);
      }
      if (method.pointer !== undefined)
        refused(subject, [secret], { ...delivery, rawBody: Buffer.from("{}") }, "no secret in the body");
      else refused(subject, [secret], { rawBody: delivery.rawBody }, "no headers at all");
    });

    it("with any header twice that it reads, it is refused, even when both say the same", () => {
      const delivery = deliver(secret);
      for (const [name, value] of delivery.headers) {
        if (!scheme.singleHeaders.has(name.toLowerCase())) continue;
        for (const again of [value, `${value}x`, ""]) {
          const headers = [...delivery.headers, [name.toUpperCase(), again] as const];
          refused(subject, [secret], { ...delivery, headers }, `${name} twice`);
        }
      }
    });

    it("an empty, truncated or otherwise spelled signature is refused", () => {
      const { signatureText } = deliver(secret);
      for (const spelling of otherSpellings(subject, signatureText))
        refused(
          subject,
          [secret],
          changed(subject, secret, () => spelling),
          JSON.stringify(spelling),
        );
    });

    if (method.prefix !== "")
      it("a signature without its prefix, or with the prefix in another case, is refused", () => {
        const delivery = deliver(secret);
        const [name, value] = delivery.headers.at(-1) ?? ["", ""];
        const prefixes = ["", method.prefix.toUpperCase(), "sha1=", "v9="].filter((prefix) => prefix !== method.prefix);
        for (const prefix of prefixes) {
          const headers = [...delivery.headers.slice(0, -1), [name, value.replace(method.prefix, prefix)] as const];
          refused(subject, [secret], { ...delivery, headers }, `the prefix ${prefix}`);
        }
      });

    if (method.encoding === "hex")
      it("a signature in capitals is accepted: hex has one reading", () => {
        accepted(
          subject,
          [secret],
          changed(subject, secret, (text) => text.toUpperCase()),
        );
      });

    it("an empty body is refused, signed or not", () => {
      const signed = verify(subject, [secret], deliver(secret, { rewrite: () => Buffer.alloc(0) }));
      assert.equal(signed.ok, false);
      refused(subject, [secret], { headers: [["Content-Type", "application/json"]] }, "nothing");
    });

    it("keys of the prototype in the body pollute nothing and change nothing that is read", () => {
      const keys = '"__proto__":{"polluted":1,"type":"polluted"},"constructor":{"prototype":{"polluted":1}}';
      const rewrite = (body: Buffer) => Buffer.from(body.toString().replace(/\}(\]?)$/, `,${keys}}$1`));
      const delivery = deliver(secret, { rewrite });
      assert.ok(delivery.rawBody.includes("polluted"));
      assert.equal(accepted(subject, [secret], delivery).eventType, sample.eventType);
      assert.equal(({} as { polluted?: number }).polluted, undefined);
    });

    it("a GET is refused", () => {
      const result = verify(subject, [secret], { ...deliver(secret), method: "GET" });
      assert.deepEqual(result, { ok: false, reason: "no_handshake", status: 401 });
    });

    if (scheme.batch !== undefined)
      it("a batch is split into items, each with an id of its own, a type and its bytes", () => {
        const delivery = deliver(secret);
        const verified = accepted(subject, [secret], delivery);
        const items = splitDelivery(verified, delivery.rawBody, scheme);
        for (const { rawBody, body, eventType, deliveryId } of items) {
          assert.ok(rawBody.length < delivery.rawBody.length, "the pattern of the batch finds nothing in the sample");
          assert.deepEqual(JSON.parse(rawBody.toString()), body);
          assert.ok(eventType && deliveryId);
        }
      });
  });
}
