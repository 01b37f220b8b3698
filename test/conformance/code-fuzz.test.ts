import assert from "node:assert/strict";
import fc from "fast-check";
import { codeSubjects, verifyCode } from "./code-subject.ts";

type Sent = Parameters<typeof verifyCode>[2];

const runs = { numRuns: 120 };

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom("", "\u0000", "é", "=", ",", ":", "Bearer a.b.c", "https://", "0".repeat(64), "A".repeat(44)),
);
const names = ["signature", "Signature", "Type", "value", "notificationItems", "clientState", "events", "TopicArn"];
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  fc
    .dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }))
    .map((body) => Buffer.from(JSON.stringify(body))),
  fc.string({ unit: "binary", maxLength: 100 }).map((text) => Buffer.from(text)),
);
const type = fc.constantFrom("application/json", "application/x-www-form-urlencoded", "text/plain", "");

for (const subject of codeSubjects()) {
  const { provider, scheme, deliver, signsBody } = subject;

  describe(`fuzzing ${provider.id}, verified by code`, () => {
    const secret = subject.newSecret();
    const genuine = deliver(secret);
    const check = (sent: Sent) => {
      const result = verifyCode(subject, [secret], sent);
      assert.ok(result.ok || result.status === 401 || result.status === 400);
      return result;
    };

    it("whatever headers, body, query and method arrive, nothing throws and nothing unsigned becomes an event", () => {
      const header = fc.tuple(fc.oneof(fc.constantFrom(...scheme.wantedHeaders), anyText), anyText);
      const request = fc.record({
        headers: fc
          .tuple(fc.array(header, { maxLength: 20 }), type)
          .map(([all, value]) => [...all, ["content-type", value] as const]),
        rawBody: anyBody,
        method: fc.constantFrom("POST", "GET", "PUT"),
        query: fc.oneof(
          anyText,
          anyText.map((text) => `validationToken=${text}&bodySHA256=${text}`),
        ),
      });
      fc.assert(
        fc.property(request, (sent) => {
          const result = check(sent);
          if (result.ok) assert.ok(result.handshake, "an unsigned event");
        }),
        runs,
      );
    });

    it("a genuine delivery with edited headers or body never throws, and is an event only with what was signed", () => {
      fc.assert(
        fc.property(fc.nat(), fc.nat(), fc.nat(40), anyText, fc.boolean(), (which, position, length, text, inBody) => {
          const edit = (before: string) => {
            const from = position % (before.length + 1);
            return before.slice(0, from) + text + before.slice(from + length);
          };
          const index = which % genuine.headers.length;
          const headers = genuine.headers.map(
            ([name, value], at) => [name, at === index && !inBody ? edit(value) : value] as const,
          );
          const rawBody = inBody ? Buffer.from(edit(genuine.rawBody.toString())) : genuine.rawBody;
          const result = check({ headers, rawBody });
          if (result.ok && signsBody && result.handshake === undefined)
            assert.ok(rawBody.equals(genuine.rawBody) || isSameForm(rawBody, genuine.rawBody), "a changed body");
        }),
        runs,
      );
    });

    it("endless headers and fields end soon", () => {
      const before = process.cpuUsage();
      for (const piece of ["a", ":", "a.", "=", "/", "%"]) {
        const value = piece.repeat(60_000);
        for (const name of scheme.wantedHeaders)
          check({
            headers: [...genuine.headers.filter(([known]) => known.toLowerCase() !== name), [name, value]],
            rawBody: genuine.rawBody,
          });
        check({ ...genuine, query: `validationToken=${value}&bodySHA256=${value}` });
        check({ ...genuine, url: `https://${value}` });
        check({
          ...genuine,
          rawBody: Buffer.from(genuine.rawBody.toString().replace(/":"[^"]*"/g, `":"${value.slice(0, 5000)}"`)),
        });
      }
      const { user, system } = process.cpuUsage(before);
      assert.ok((user + system) / 1000 < 2_000, "took too long");
    });
  });
}

/** Twilio signs what a form says, not how it is spelled. */
function isSameForm(a: Buffer, b: Buffer): boolean {
  const read = (body: Buffer) =>
    [...new URLSearchParams(body.toString())]
      .map((pair) => pair.join(""))
      .toSorted()
      .join("");
  return read(a) === read(b);
}
