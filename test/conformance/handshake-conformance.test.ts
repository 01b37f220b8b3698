import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { Condition } from "../../src/sources/verification/condition.ts";
import type { Handshake } from "../../src/sources/verification/handshake.ts";
import { type PointerPath, withValueAt } from "../../src/sources/verification/json-pointer.ts";
import { type Subject, subjects, type TestSecret, verify, withSignature } from "./subject.ts";

const challenge = "<b>3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
const token = "meat&töken";

/** The question that a handshake answers, made from what it says it is known by and answers with. */
function questionOf({ conditions, text, json }: Handshake): {
  body: unknown;
  headers: [string, string][];
  query: URLSearchParams;
} {
  const headers: [string, string][] = [];
  const query = new URLSearchParams();
  let body: unknown = {};
  const put = (path: PointerPath, value: unknown) => {
    body = withValueAt(body, path, value);
  };
  const valueOf = ({ equals, equalsSecret }: Condition) => equals ?? (equalsSecret === undefined ? challenge : token);
  for (const condition of conditions) {
    const { place } = condition;
    if (condition.exists === false) continue;
    if (place.kind === "pointer") put(place.path, valueOf(condition));
    else if (place.kind === "header") headers.push([place.name, String(valueOf(condition))]);
    else query.set(place.name, String(valueOf(condition)));
  }
  for (const part of [text, ...(json ?? []).map(([, inner]) => inner)]) {
    if (part?.kind === "pointer" || part?.kind === "hmac") put(part.path, challenge);
    if (part?.kind === "query") query.set(part.name, challenge);
  }
  return { body, headers, query };
}

function expectedBody({ text, json }: Handshake, { method }: Subject, secret: TestSecret): string {
  const valueOf = (part: NonNullable<Handshake["text"]>): string | number | boolean => {
    if (part.kind === "literal") return part.value;
    if (part.kind !== "hmac") return challenge;
    assert.ok(method.hmacHash !== undefined && method.encoding !== "plain");
    return createHmac(method.hmacHash, secret.text).update(challenge).digest(method.encoding);
  };
  if (json !== undefined) return JSON.stringify(Object.fromEntries(json.map(([key, part]) => [key, valueOf(part)])));
  return text === undefined ? "" : String(valueOf(text));
}

function doesAnswer(
  subject: Subject,
  handshake: Handshake,
  secret: TestSecret,
  result: ReturnType<typeof verify>,
): void {
  assert.ok(result.ok, result.ok ? "" : `refused as ${result.reason}`);
  assert.ok(result.handshake, "taken for an event");
  const { status, contentType, body } = result.handshake;
  assert.deepEqual({ status, body }, { status: handshake.status, body: expectedBody(handshake, subject, secret) });
  // A challenge is the sender's text: no browser may take it for a page.
  assert.ok(["text/plain; charset=utf-8", "application/json"].includes(contentType), contentType);
}

function isRefused(result: ReturnType<typeof verify>, what: string): void {
  assert.equal(result.ok, false, `${what} was answered`);
  assert.equal(!result.ok && result.status, 401, what);
}

for (const subject of subjects()) {
  const { scheme, deliver } = subject;
  for (const [index, handshake] of scheme.handshakes.entries()) {
    const { body, headers, query } = questionOf(handshake);
    const rawBody = Buffer.from(JSON.stringify(body));
    const secret = subject.newSecret();

    describe(`handshake ${index + 1} of ${subject.title} (${handshake.request})`, () => {
      if (handshake.request === "signed") {
        const ask = (signer: TestSecret) => {
          // A secret in the body is put there by the sample, and must stay.
          const pointer = subject.method.pointer;
          const question = pointer === undefined ? body : withValueAt(body, pointer, signer.text);
          const asked = deliver(signer, { rewrite: () => Buffer.from(JSON.stringify(question)) });
          return { ...asked, headers: [...headers, ...asked.headers] };
        };

        it("is answered when it is signed, under an old and a new secret", () => {
          doesAnswer(subject, handshake, secret, verify(subject, [secret], ask(secret)));
          doesAnswer(subject, handshake, secret, verify(subject, [subject.newSecret(), secret], ask(secret)));
        });

        it("is refused when it is forged", () => {
          isRefused(verify(subject, [secret], ask(subject.newSecret())), "a wrong secret");
          isRefused(verify(subject, [secret], { headers, rawBody }), "no signature");
          if (subject.method.pointer !== undefined) return;
          isRefused(
            verify(
              subject,
              [secret],
              withSignature(ask(secret), () => ""),
            ),
            "an empty signature",
          );
          const tampered = Buffer.from(JSON.stringify({ ...(body as object), more: 1 }));
          if (subject.method.algorithm !== "static")
            isRefused(verify(subject, [secret], { ...ask(secret), rawBody: tampered }), "a tampered question");
        });
      }

      if (handshake.request === "unsigned") {
        it("is answered without a signature, and hands over its secret where it has one", () => {
          const result = verify(subject, [secret], { headers, rawBody });
          doesAnswer(subject, handshake, secret, result);
          assert.equal(
            result.ok && result.handshake?.secret,
            handshake.secretFrom === undefined ? undefined : challenge,
          );
        });

        it("is refused with a wrong signature, and nothing else is let in without one", () => {
          const asked = deliver(subject.newSecret(), { rewrite: () => rawBody });
          isRefused(verify(subject, [secret], asked), "a wrong signature");
          isRefused(verify(subject, [secret], { ...deliver(secret), headers: [] }), "an unsigned event");
          for (const text of ["", "{", "{}", "[]", "null"])
            isRefused(verify(subject, [secret], { rawBody: Buffer.from(text) }), text);
        });
      }

      if (handshake.request === "get") {
        const prefixed = handshake.conditions.flatMap(({ equalsSecret }) => equalsSecret ?? []);
        const secrets = [secret, ...prefixed.map((prefix) => ({ ...secret, text: prefix + token }))];
        const get = (asked: URLSearchParams) => verify(subject, secrets, { method: "GET", query: asked.toString() });

        it("is answered when it is asked rightly", () => doesAnswer(subject, handshake, secret, get(query)));

        it("is refused with anything wrong or missing", () => {
          for (const { place, exists } of handshake.conditions) {
            assert.ok(place.kind === "query");
            const without = new URLSearchParams(query);
            without.delete(place.name);
            isRefused(get(without), `no ${place.name}`);
            if (exists === true) continue;
            for (const wrong of ["", "x", secret.text, `${prefixed[0] ?? ""}${token}`]) {
              const forged = new URLSearchParams(query);
              forged.set(place.name, wrong);
              isRefused(get(forged), `${place.name}=${wrong}`);
            }
          }
          isRefused(get(new URLSearchParams()), "no query");
        });

        it("by POST is no handshake", () => {
          isRefused(verify(subject, secrets, { rawBody, query: query.toString() }), "a POST");
        });
      }
    });
  }
}
