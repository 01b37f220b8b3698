import assert from "node:assert/strict";
import { configureScheme } from "../../src/sources/configure-scheme.ts";
import { providers } from "../../src/sources/providers/catalogue.ts";
import { verificationScheme } from "../../src/sources/verification-scheme.ts";
import { accepted, json, refused, schemeOf, sourceOf } from "./verify-support.ts";

const plain = { algorithm: "hmac-sha256", header: "x-signature" };

function problemPaths(scheme: unknown): string {
  const result = verificationScheme.safeParse(scheme);
  return result.success ? "" : result.error.issues.map((issue) => issue.path.join(".")).join(" ");
}

describe("a verification scheme's batches, answers and choices", () => {
  it("may be declared by anyone", () => {
    const scheme = {
      ...plain,
      deliveryId: { firstOf: [{ header: "x-id" }, { joined: [{ pointer: "/a" }, { pointer: "/b" }] }] },
      eventType: { joined: [{ pointer: "/type" }, { pointer: "/status", except: ["ok"] }] },
      batch: { items: ["/*", "/entry/*/changes/*"], deliveryId: { pointer: "/id" } },
      repeatWindowSeconds: 60,
      answer: { match: { pointer: "/a", exists: true }, respond: { status: 204 } },
    };
    assert.equal(problemPaths(scheme), "");
  });

  const handshake = { match: { pointer: "/a", exists: true }, respond: {} };
  const mistakes: readonly (readonly [string, unknown, string])[] = [
    ["items that are no list", { ...plain, batch: { items: "/events" } }, "batch.items"],
    [
      "an id of an item from a credential",
      { ...plain, batch: { items: "/*", deliveryId: { header: "Cookie" } } },
      "batch.deliveryId",
    ],
    [
      "a signature among the choices of an id",
      { ...plain, deliveryId: { firstOf: [{ pointer: "/a" }, { header: "x-signature" }] } },
      "deliveryId",
    ],
    ["a choice of one", { ...plain, deliveryId: { firstOf: [{ pointer: "/a" }] } }, "deliveryId.firstOf"],
    [
      "an answer to a query",
      { ...plain, answer: { match: { query: "a", exists: true }, respond: {} } },
      "answer.match",
    ],
    ["two answers in one", { ...plain, answer: { respond: { text: "a", json: {} } } }, "answer.respond"],
    [
      "a second condition without a test",
      { ...plain, handshake: { ...handshake, match: [handshake.match, { pointer: "/b" }] } },
      "handshake.match.1",
    ],
    [
      "a secret from a signed question",
      { ...plain, handshake: { ...handshake, secretFrom: "/s" } },
      "handshake.secretFrom",
    ],
    ["a repeat that lasts for ever", { ...plain, repeatWindowSeconds: 0 }, "repeatWindowSeconds"],
  ];
  for (const [mistake, scheme, paths] of mistakes) {
    it(`is refused with ${mistake}`, () => assert.equal(problemPaths(scheme), paths));
  }
});

describe("a source of static credentials", () => {
  const configure = (id: string, wanted: Parameters<typeof configureScheme>[2]) => {
    const provider = providers.get(id);
    assert.ok(provider);
    return configureScheme(provider, schemeOf(id), wanted);
  };

  it("says in which header they come, and what names its events", () => {
    const result = configure("api-key", {
      header: "X-Token",
      deliveryId: { pointer: "/run/id" },
      eventType: { header: "X-Event" },
    });
    assert.ok(result.ok);
    const source = sourceOf(result.scheme, "key");
    const headers = [json, ["x-token", "key"], ["x-event", "done"]] as const;
    const { deliveryId, eventType } = accepted(source, { body: '{"run":{"id":7}}', headers });
    assert.deepEqual([deliveryId, eventType], ["7", "done"]);
    refused(source, { body: "{}", headers: [json, ["x-api-key", "key"]] }, "missing_signature");
  });

  it("says no more than its provider leaves open", () => {
    const paths = (...args: Parameters<typeof configure>) => {
      const result = configure(...args);
      return result.ok ? [] : result.problems.map(({ path }) => path);
    };
    assert.deepEqual(paths("bearer", { header: "x-token" }), ["header"]);
    assert.deepEqual(paths("github", { eventType: { header: "x-event" } }), ["eventType"]);
    assert.deepEqual(paths("bearer", { deliveryId: { header: "Authorization" } }), ["deliveryId"]);
    assert.deepEqual(paths("bearer", {}), []);
  });
});
