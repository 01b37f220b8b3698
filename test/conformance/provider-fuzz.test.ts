import assert from "node:assert/strict";
import fc from "fast-check";
import { compileSecret } from "../../src/sources/compile-secret.ts";
import { type Subject, subjects, type TestSecret, verify } from "./subject.ts";

type Sent = Parameters<typeof verify>[2];
type Headers = readonly (readonly [string, string])[];

const runs = { numRuns: 120 };
// Of the slowest request of a few hundred, as time of the processor: an RSA or ECDSA verification takes 0.2 ms, a collection of
// garbage some more. A regular expression that backtracks takes seconds.
const maxMsPerRequest = 250;

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom(
    "",
    "\u0000",
    "é",
    "=",
    ",",
    ";",
    " ",
    "sha256=",
    "v1,",
    "Bearer ",
    "t=1,v1=",
    "0".repeat(64),
    "A".repeat(44),
  ),
);
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  fc.string({ unit: "binary", maxLength: 100 }).map((text) => Buffer.from(text)),
);

/** A text with a bit of it taken out, doubled, put elsewhere or exchanged. */
const edit = fc.tuple(fc.constantFrom("cut", "double", "swap", "insert"), fc.nat(), fc.nat(40), anyText);
function edited(text: string, [kind, position, length, other]: readonly [string, number, number, string]): string {
  const from = position % (text.length + 1);
  const piece = text.slice(from, from + length);
  const rest = text.slice(from + length);
  if (kind === "cut") return text.slice(0, from) + rest;
  if (kind === "double") return text.slice(0, from) + piece + piece + rest;
  if (kind === "swap") return rest + text.slice(0, from) + piece;
  return text.slice(0, from) + other + text.slice(from);
}

function timed(subject: Subject, secrets: readonly TestSecret[], sent: Sent): ReturnType<typeof verify> {
  const before = process.cpuUsage();
  const result = verify(subject, secrets, sent);
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1000 < maxMsPerRequest, "took too long");
  assert.ok(result.ok || result.status === 401 || result.status === 400);
  return result;
}

for (const subject of subjects()) {
  const { scheme, method, deliver } = subject;
  const names = [...scheme.wantedHeaders];

  describe(`fuzzing ${subject.title}`, () => {
    const secret = subject.newSecret();
    const genuine = deliver(secret);

    it("whatever headers, body and method arrive, nothing throws and nothing unsigned becomes an event", () => {
      const header = fc.tuple(fc.oneof(fc.constantFrom(...names), anyText), anyText);
      const request = fc.record({
        headers: fc.array(header, { maxLength: 20 }),
        rawBody: anyBody,
        method: fc.constantFrom("POST", "GET", "PUT"),
        query: anyText,
      });
      fc.assert(
        fc.property(request, (sent) => {
          const result = timed(subject, [secret], sent);
          if (result.ok) assert.ok(result.handshake, "an unsigned event");
        }),
        runs,
      );
    });

    it("a genuine delivery with edited headers is an event only with the body that was signed", () => {
      fc.assert(
        fc.property(fc.nat(), edit, fc.boolean(), (which, change, inBody) => {
          const index = which % genuine.headers.length;
          const headers: Headers = genuine.headers.map(([name, value], at) =>
            at === index && !inBody ? [name, edited(value, change)] : [name, value],
          );
          const text = genuine.rawBody.toString();
          const rawBody = inBody ? Buffer.from(edited(text, change)) : genuine.rawBody;
          const result = timed(subject, [secret], { headers, rawBody });
          if (result.ok && method.algorithm !== "static") assert.ok(rawBody.equals(genuine.rawBody), "a changed body");
        }),
        runs,
      );
    });

    it("a signed body of any bytes is taken or refused as malformed", () => {
      if (method.pointer !== undefined) return;
      fc.assert(
        fc.property(anyBody, (rawBody) => {
          const result = timed(subject, [secret], deliver(secret, { rewrite: () => rawBody }));
          const staleOnly = method.timestamp?.pointer !== undefined;
          if (!result.ok && !staleOnly) assert.equal(result.status, 400, result.reason);
        }),
        runs,
      );
    });

    it("endless headers end soon", () => {
      const separators = [method.itemSeparator ?? ",", method.keyValueSeparator ?? "=", method.prefix, " ", "="];
      for (const separator of separators) {
        const value = `${separator || "A"}a`.repeat(30_000);
        for (const name of names) {
          const headers = [
            ...genuine.headers.filter(([known]) => known.toLowerCase() !== name),
            [name, value],
          ] as Headers;
          timed(subject, [secret], { headers, rawBody: genuine.rawBody });
        }
      }
    });

    it("any text is a secret or is told why not", () => {
      const prefixes = fc.constantFrom("", method.stripPrefix ?? "", "verify_token:", "-----BEGIN PUBLIC KEY-----\n");
      fc.assert(
        fc.property(prefixes, anyText, (prefix, text) => {
          const compiled = compileSecret(scheme, prefix + text);
          if (!compiled.ok) assert.ok(!compiled.message.includes(text) || text.length < 20, "a secret is repeated");
        }),
        runs,
      );
    });
  });
}
