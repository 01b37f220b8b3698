import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import fc from "fast-check";
import { type AccessTokenRequest, createAccessTokens } from "../../src/access/access-token.ts";
import { roles } from "../../src/access/roles.ts";
import { InvalidError } from "../../src/lib/errors.ts";
import { toWireId } from "../../src/lib/ids.ts";

const issuer = "https://hub.example";
const audience = "hookyard-api";
const keyId = "0197a000-0000-7000-8000-000000000001";
const projectId = "0197a000-0000-7000-8000-000000000002";
const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const now = Math.floor(nowMs / 1000);

const currentKey = randomBytes(32);
const olderKey = randomBytes(32);
const signingKeys = {
  current: "k2",
  keys: new Map([
    ["k2", currentKey],
    ["k1", olderKey],
  ]),
};
const tokens = createAccessTokens({ signingKeys, issuer, audience });
const request: AccessTokenRequest = {
  subject: keyId,
  projectId,
  role: "worker",
  agents: ["triage"],
  expiresInSeconds: 600,
};

type Fields = Readonly<Record<string, unknown>>;

const goodHeader: Fields = { alg: "HS256", typ: "JWT", kid: "k2" };
const goodPayload: Fields = {
  iss: issuer,
  aud: audience,
  sub: toWireId("key", keyId),
  prj: toWireId("project", projectId),
  role: "viewer",
  agents: "all",
  jti: "0b0f6e0e-6a55-4d0c-9d84-0c4f6a3a4c11",
  iat: now,
  exp: now + 600,
};

function encode(part: unknown): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

/** A token made without the package under test: JSON.stringify leaves out fields that are undefined. */
function forge(header: unknown, payload: unknown, secret: Buffer | string = currentKey, hash = "sha256"): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
}

describe("access token", () => {
  it("carries its claims from mint to verify", () => {
    for (const role of roles)
      for (const agents of ["all", ["triage", "review"], []] as const) {
        const { token, expiresAt } = tokens.mint({ ...request, role, agents }, nowMs);
        const claims = tokens.verify(token, nowMs);
        assert.ok(claims);
        const { tokenId, ...rest } = claims;
        assert.match(tokenId, /^[0-9a-f-]{36}$/);
        assert.deepEqual(rest, { subject: keyId, projectId, role, agents, expiresAt });
        assert.equal(expiresAt.getTime(), (now + 600) * 1000);
      }
  });

  it("can stand for the bootstrap key", () => {
    const { token } = tokens.mint({ ...request, subject: "bootstrap" }, nowMs);
    assert.equal(tokens.verify(token, nowMs)?.subject, "bootstrap");
  });

  it("has its own id each time", () => {
    const ids = [1, 2].map(() => tokens.verify(tokens.mint(request, nowMs).token, nowMs)?.tokenId);
    assert.notEqual(ids[0], ids[1]);
  });

  it("says who it is for in wire ids, signed with the current key", () => {
    const [header, payload] = tokens
      .mint(request, nowMs)
      .token.split(".")
      .map((part) => Buffer.from(part, "base64url").toString());
    assert.deepEqual(JSON.parse(header ?? ""), goodHeader);
    const { jti, ...claims } = JSON.parse(payload ?? "") as Record<string, unknown>;
    const { jti: _, ...expected } = goodPayload;
    assert.equal(typeof jti, "string");
    assert.deepEqual(claims, { ...expected, role: "worker", agents: ["triage"] });
  });

  it("lives until its expiry, to the second", () => {
    const { token, expiresAt } = tokens.mint(request, nowMs);
    assert.ok(tokens.verify(token, expiresAt.getTime() - 1));
    assert.equal(tokens.verify(token, expiresAt.getTime()), undefined);
  });

  it("is accepted when signed by an older key, until that key is gone", () => {
    const token = forge({ ...goodHeader, kid: "k1" }, goodPayload, olderKey);
    assert.ok(tokens.verify(token, nowMs));
    const rotated = createAccessTokens({
      signingKeys: { current: "k2", keys: new Map([["k2", currentKey]]) },
      issuer,
      audience,
    });
    assert.equal(rotated.verify(token, nowMs), undefined);
  });

  it("is not minted for less than a second, for more than an hour, or for more agents than fit", () => {
    for (const expiresInSeconds of [0, -1, 1.5, 3601, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(
        () => tokens.mint({ ...request, expiresInSeconds }, nowMs),
        (error: unknown) => error instanceof InvalidError && error.errors?.[0]?.path === "expiresInSeconds",
      );
    assert.ok(tokens.verify(tokens.mint({ ...request, expiresInSeconds: 3600 }, nowMs).token, nowMs));
    const agents = Array.from({ length: 200 }, (_, index) => `agent-number-${index}`);
    assert.throws(
      () => tokens.mint({ ...request, agents }, nowMs),
      (error: unknown) => error instanceof InvalidError && error.errors?.[0]?.path === "agents",
    );
  });

  it("is not made for an empty issuer or audience, which the package would not check", () => {
    assert.throws(() => createAccessTokens({ signingKeys, issuer: "", audience }), /issuer must not be empty/);
    assert.throws(() => createAccessTokens({ signingKeys, issuer, audience: "" }), /audience must not be empty/);
  });

  it("is not made with a one-character secret, a bad kid or without a current key", () => {
    const create = (current: string, key: Buffer) =>
      createAccessTokens({ signingKeys: { current, keys: new Map([["k1", key]]) }, issuer, audience });
    assert.throws(() => create("k1", Buffer.from("a")), /at least 32 bytes/);
    assert.throws(() => create("k1", randomBytes(31)), /at least 32 bytes/);
    assert.throws(() => create("k2", randomBytes(32)), /must name one of the keys/);
    const keys = new Map([["../k", randomBytes(32)]]);
    assert.throws(() => createAccessTokens({ signingKeys: { current: "../k", keys }, issuer, audience }), InvalidError);
  });
});

describe("access token, refused", () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const selfSigned = forge(goodHeader, goodPayload);

  it("only for its fault: the same token without it is accepted", () => {
    assert.ok(tokens.verify(selfSigned, nowMs));
  });

  const header = (fields: Fields) => forge({ ...goodHeader, ...fields }, goodPayload);
  const payload = (fields: Fields) => forge(goodHeader, { ...goodPayload, ...fields });

  const signedPart = `${encode({ ...goodHeader, alg: "RS256" })}.${encode(goodPayload)}`;
  const rs256 = `${signedPart}.${sign("sha256", Buffer.from(signedPart), privateKey).toString("base64url")}`;

  const refused: readonly (readonly [string, string])[] = [
    ["alg none without a signature", `${encode({ ...goodHeader, alg: "none" })}.${encode(goodPayload)}.`],
    ["alg none with a signature", header({ alg: "none" })],
    ["alg None in other capitals", header({ alg: "nOnE" })],
    ["HS256 signed with an RSA public key", forge(goodHeader, goodPayload, publicPem)],
    ["HS512 with the right key", forge({ ...goodHeader, alg: "HS512" }, goodPayload, currentKey, "sha512")],
    ["RS256, signed with the private key", rs256],
    ["no alg", header({ alg: undefined })],
    ["a one-character secret", forge(goodHeader, goodPayload, "a")],
    ["an empty secret", forge(goodHeader, goodPayload, "")],
    ["another hub's secret", forge(goodHeader, goodPayload, randomBytes(32))],
    ["the key of another kid", forge({ ...goodHeader, kid: "k1" }, goodPayload, currentKey)],
    ["no kid", header({ kid: undefined })],
    ["an unknown kid", header({ kid: "k3" })],
    ["a traversing kid", header({ kid: "../../../../dev/null" })],
    [
      "a traversing kid signed with what that file holds",
      forge({ ...goodHeader, kid: "../../dev/null" }, goodPayload, ""),
    ],
    ["a kid of the prototype", header({ kid: "__proto__" })],
    ["a kid that is SQL", header({ kid: "k2' OR '1'='1" })],
    ["a kid that is no string", header({ kid: ["k2"] })],
    ["jku", header({ jku: "https://attacker.example/keys.json" })],
    ["jwk", header({ jwk: { kty: "oct", k: "AA" } })],
    ["x5u", header({ x5u: "https://attacker.example/cert.pem" })],
    ["x5c", header({ x5c: ["AA"] })],
    ["an unknown crit", header({ crit: ["exp2"], exp2: true })],
    ["an empty crit", header({ crit: [] })],
    ["b64 false", header({ crit: ["b64"], b64: false })],
    ["another typ", header({ typ: "dpop+jwt" })],
    ["no typ", header({ typ: undefined })],
    ["any further header", header({ cty: "JWT" })],
    ["a header that is no object", forge("[]", goodPayload)],
    ["a header that is not JSON", forge("{", goodPayload)],
    ["a header with __proto__", forge(`{"alg":"HS256","typ":"JWT","kid":"k2","__proto__":{}}`, goodPayload)],
    ["no exp", payload({ exp: undefined })],
    ["an exp that is a string", payload({ exp: String(now + 600) })],
    ["a fractional exp", payload({ exp: now + 0.5 })],
    ["an exp in the past", payload({ iat: now - 600, exp: now - 1 })],
    ["an exp of this very second", payload({ iat: now - 600, exp: now })],
    ["an exp more than an hour after iat", payload({ exp: now + 3601 })],
    ["an exp before its iat", payload({ iat: now + 30, exp: now + 10 })],
    ["no iat", payload({ iat: undefined })],
    ["an iat in the future", payload({ iat: now + 61, exp: now + 600 })],
    ["a negative iat", payload({ iat: -1 })],
    ["an nbf to come", payload({ nbf: now + 1 })],
    ["an nbf that is a string", payload({ nbf: "0" })],
    ["no iss", payload({ iss: undefined })],
    ["another iss", payload({ iss: "https://attacker.example" })],
    ["an iss that is a list", payload({ iss: [issuer] })],
    ["no aud", payload({ aud: undefined })],
    ["another aud", payload({ aud: "other-api" })],
    ["an aud that is a list", payload({ aud: [audience, "other-api"] })],
    ["no sub", payload({ sub: undefined })],
    ["a sub that is another kind's id", payload({ sub: toWireId("project", keyId) })],
    ["a sub that is a bare uuid", payload({ sub: keyId })],
    ["no prj", payload({ prj: undefined })],
    ["a prj that is no id", payload({ prj: "prj_../../etc" })],
    ["no role", payload({ role: undefined })],
    ["an unknown role", payload({ role: "root" })],
    ["no agents", payload({ agents: undefined })],
    ["agents that are a name", payload({ agents: "triage" })],
    ["no jti", payload({ jti: undefined })],
    ["a jti that is no uuid", payload({ jti: "1" })],
    ["an unknown claim", payload({ admin: true })],
    [
      "a claim named __proto__",
      forge(goodHeader, JSON.stringify(goodPayload).replace("{", `{"__proto__":{"role":"owner"},`)),
    ],
    ["a payload that is a string", forge(goodHeader, `"owner"`)],
    ["a payload that is null", forge(goodHeader, "null")],
    ["a payload that is not JSON", forge(goodHeader, "owner")],
    ["more than 4 KiB", payload({ agents: ["a".repeat(4096)] })],
    ["4 MB", "a.b.c".repeat(800_000)],
    ["nothing", ""],
    ["two parts", selfSigned.split(".").slice(0, 2).join(".")],
    ["four parts", `${selfSigned}.${encode("x")}`],
    ["five parts, as JWE", "a.b.c.d.e"],
    ["a cut signature", selfSigned.slice(0, -1)],
    ["a padded signature", `${selfSigned}=`],
    ["a line break at the end", `${selfSigned}\n`],
    ["a space before it", ` ${selfSigned}`],
  ];
  for (const [what, token] of refused)
    it(`with ${what}`, () => {
      assert.equal(tokens.verify(token, nowMs), undefined);
    });

  it("with an iat or nbf only while it is to come", () => {
    assert.ok(tokens.verify(payload({ iat: now + 60, exp: now + 600 }), nowMs));
    assert.ok(tokens.verify(payload({ nbf: now }), nowMs));
  });

  it("with any one character changed", () => {
    const { token } = tokens.mint(request, nowMs);
    for (let index = 0; index < token.length; index += 1)
      for (const character of ["A", "z", "-", "."])
        if (token.charAt(index) !== character)
          assert.equal(tokens.verify(token.slice(0, index) + character + token.slice(index + 1), nowMs), undefined);
  });

  it("when it was minted for another issuer or audience", () => {
    for (const other of [{ issuer: "https://other.example" }, { audience: "other" }]) {
      const stranger = createAccessTokens({ signingKeys, issuer, audience, ...other });
      assert.equal(tokens.verify(stranger.mint(request, nowMs).token, nowMs), undefined);
    }
  });

  it("at the beginning of time, when the package would read the machine's clock", () => {
    const token = forge(goodHeader, { ...goodPayload, iat: 0, exp: 10 });
    assert.ok(tokens.verify(token, 0));
    assert.equal(tokens.verify(token, 10_000), undefined);
    assert.equal(tokens.verify(selfSigned, 0), undefined);
  });

  it("without ever throwing, whatever it is", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary" }).map(encode),
      fc.json().map(encode),
      fc.base64String(),
      fc.constantFrom(...selfSigned.split(".")),
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join(".")),
    );
    fc.assert(
      fc.property(text, fc.double(), (token, timeMs) => {
        assert.doesNotThrow(() => tokens.verify(token, timeMs));
        if (token !== selfSigned) assert.equal(tokens.verify(token, nowMs), undefined);
      }),
      { numRuns: 500 },
    );
  });

  it("without ever throwing, whatever a holder of the key signs", () => {
    const fields = fc.dictionary(
      fc.constantFrom(...Object.keys(goodHeader), ...Object.keys(goodPayload), "crit", "nbf", "__proto__"),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fields, fields, (headerFields, payloadFields) => {
        const token = forge({ ...goodHeader, ...headerFields }, { ...goodPayload, ...payloadFields });
        assert.doesNotThrow(() => tokens.verify(token, nowMs));
      }),
      { numRuns: 500 },
    );
  });
});
