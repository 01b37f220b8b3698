import assert from "node:assert/strict";
import { signSample } from "../../src/sources/sign-sample.ts";
import { splitDelivery } from "../../src/sources/split-delivery.ts";
import type { VerifiedRequest } from "../../src/sources/verify-request.ts";
import { type CodeSubject, codeSubjects, signatureOf, verifyCode, withSignatureText } from "./code-subject.ts";
import { nowMs, url } from "./subject.ts";

type Sent = Parameters<typeof verifyCode>[2];

function accepted(subject: CodeSubject, secrets: readonly string[], sent: Sent, atMs?: number): VerifiedRequest {
  const result = verifyCode(subject, secrets, sent, atMs);
  assert.ok(result.ok, result.ok ? "" : `refused as ${result.reason}`);
  assert.equal(result.handshake, undefined, "taken for a handshake");
  return result;
}

function refused(subject: CodeSubject, secrets: readonly string[], sent: Sent, what: string, atMs?: number): void {
  const result = verifyCode(subject, secrets, sent, atMs);
  assert.equal(result.ok, false, `accepted ${what}`);
  assert.equal(!result.ok && result.status, 401, what);
}

/** Texts that are not the signature, though a lenient decoder would read some of them as its bytes. */
function otherSpellings(signature: string, encoding: CodeSubject["encoding"]): readonly string[] {
  // In hex `A` is the same as `a`.
  const flipped = (/^a/i.test(signature) ? "B" : "A") + signature.slice(1);
  const common = [" ", "\u0000", "null", signature.slice(0, -1), `${signature}A`, ` ${signature}`, flipped];
  if (encoding === "plain") return common;
  const bytes = Buffer.from(signature, encoding);
  if (encoding === "hex") return [...common, bytes.toString("base64"), `0x${signature}`, `${signature}00`];
  const spellings = [
    bytes.toString("hex"),
    bytes.toString("base64url"),
    signature.replace(/=+$/, ""),
    `${signature}=`,
    `${signature.slice(0, 4)}\n${signature.slice(4)}`,
  ];
  return [...common, ...spellings.filter((spelling) => spelling !== signature)];
}

for (const subject of codeSubjects()) {
  const { provider, scheme, sample, deliver } = subject;

  describe(`conformance of ${provider.id}, verified by code`, () => {
    const secret = subject.newSecret();
    const other = subject.newSecret();

    it("a valid delivery is accepted, with its type, its id and no credential among its headers", () => {
      const verified = accepted(subject, [secret], deliver(secret));
      assert.equal(verified.eventType, sample.eventType);
      assert.ok(verified.deliveryId.length > 0);
      for (const name of [...scheme.signatureHeaders, "authorization"])
        if (!scheme.keepHeaders.includes(name)) assert.ok(!Object.hasOwn(verified.headers, name), name);
      assert.ok(!scheme.keepHeaders.includes("authorization"));
    });

    it("its sample is signed by signSample, or is said to need a private key", () => {
      const signed = signSample(scheme, secret, { id: "019a-2", nowMs, url }, sample);
      if (signed.ok) accepted(subject, [secret], signed);
      else assert.equal(signed.unsupported, "public_key");
      assert.equal(signed.ok, !["aws-sns", "paypal"].includes(provider.id));
    });

    it("a repeat has the same delivery id, and another delivery another", () => {
      const idOf = (id: string) => accepted(subject, [secret], deliver(secret, { id })).deliveryId;
      assert.equal(idOf("019a-1"), idOf("019a-1"));
      assert.notEqual(idOf("019a-1"), idOf("019a-2"));
    });

    if (subject.signsBody)
      it("a tampered body is refused", () => {
        const delivery = deliver(secret);
        const text = delivery.rawBody.toString();
        for (const body of [`${text} `, ` ${text}`, text.replace(/[a-z]/, "X"), text.slice(0, -1), "{}", ""])
          refused(subject, [secret], { ...delivery, rawBody: Buffer.from(body) }, JSON.stringify(body.slice(0, 60)));
      });

    it("a wrong secret is refused, and so is no secret", () => {
      refused(subject, [other], deliver(secret), "a wrong secret");
      refused(subject, [], deliver(secret), "no secret");
    });

    it("while a secret is rotated, both verify; afterwards the old one does not", () => {
      accepted(subject, [secret, other], deliver(secret));
      accepted(subject, [other, secret], deliver(secret));
      accepted(subject, [secret, other], deliver(other));
      refused(subject, [other], deliver(secret), "a retired secret");
    });

    const { toleranceSeconds } = subject;
    if (toleranceSeconds !== undefined)
      it("a stale delivery and one of the future are refused, the edges of the tolerance are not", () => {
        // The certificate of the suite is good for an hour either way.
        const at = (offsetMs: number) => deliver(secret, { atMs: nowMs + offsetMs });
        const toleranceMs = toleranceSeconds * 1000;
        accepted(subject, [secret], at(-toleranceMs));
        accepted(subject, [secret], at(toleranceMs));
        refused(subject, [secret], at(-toleranceMs - 1000), "a stale delivery");
        refused(subject, [secret], at(toleranceMs + 1000), "a delivery of the future");
      });

    it("without its signature, or any header that it reads, it is refused", () => {
      const delivery = deliver(secret);
      refused(subject, [secret], withSignatureText(subject, delivery, ""), "an empty signature");
      for (const [name] of delivery.headers) {
        if (!scheme.signatureHeaders.has(name.toLowerCase())) continue;
        const headers = delivery.headers.filter(([header]) => header !== name);
        refused(subject, [secret], { ...delivery, headers }, `no ${name}`);
      }
      const json = [["Content-Type", "application/json"]] as const;
      for (const text of ["{}", "[]", "null", "1", '{"value":[]}', '{"notificationItems":[]}'])
        refused(subject, [secret], { headers: json, rawBody: Buffer.from(text) }, text);
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

    it("a truncated or otherwise spelled signature is refused", () => {
      const delivery = deliver(secret);
      for (const spelling of otherSpellings(signatureOf(subject, delivery), subject.encoding))
        refused(
          subject,
          [secret],
          withSignatureText(subject, delivery, spelling),
          JSON.stringify(spelling.slice(0, 80)),
        );
    });

    it("an empty body is refused", () => {
      const result = verifyCode(subject, [secret], { ...deliver(secret), rawBody: Buffer.alloc(0) });
      assert.equal(result.ok, false);
      refused(subject, [secret], { headers: [["Content-Type", "application/json"]] }, "nothing");
    });

    it("keys of the prototype in the body pollute nothing", () => {
      const delivery = deliver(secret);
      const keys = '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}';
      const text = delivery.rawBody.toString().replace(/\}$/, `,${keys}}`);
      verifyCode(subject, [secret], { ...delivery, rawBody: Buffer.from(text) });
      assert.equal(({} as { polluted?: number }).polluted, undefined);
    });

    it("a GET is refused", () => {
      const result = verifyCode(subject, [secret], { ...deliver(secret), method: "GET" });
      assert.deepEqual(result, { ok: false, reason: "no_handshake", status: 401 });
    });

    it("any text is a secret or is told why not, and is not repeated", () => {
      for (const text of ["", " ", "\u0000", "x", "é".repeat(50), "0x00", "arn:aws:sns:::", "G".repeat(40)]) {
        const problem = text === "" ? "empty" : subject.verifier.decodeSecret(text);
        if (typeof problem === "string" && text.length > 3) assert.ok(!problem.includes(text));
      }
    });

    // Twilio's sample is a form, which holds one event.
    if (scheme.batch !== undefined && provider.id !== "twilio")
      it("a batch is split into items, each with an id of its own, a type and its bytes", () => {
        const delivery = deliver(secret);
        const verified = accepted(subject, [secret], delivery);
        const items = splitDelivery(verified, delivery.rawBody, scheme);
        for (const { rawBody, body, eventType } of items) {
          assert.ok(rawBody.length < delivery.rawBody.length, "the pattern of the batch finds nothing in the sample");
          assert.deepEqual(JSON.parse(rawBody.toString()), body);
          assert.equal(eventType, sample.eventType);
        }
      });
  });
}
