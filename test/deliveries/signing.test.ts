import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, createHmac, createPrivateKey, createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { signMessage, type SigningKey } from "../../src/deliveries/sign-message.ts";
import { generateEndpointKey } from "../../src/endpoints/endpoint-key.ts";
import { resolveSigning } from "../../src/endpoints/endpoint-signing.ts";
import { generateEndpointSecret } from "../../src/endpoints/endpoint-secret.ts";

const id = "msg_01k9zk7m8yfxq9w2v3n4b5c6d7";
const payload = Buffer.from('{"type":"a","data":{"text":"héllo 🪝 $&"}}');
const sentAt = new Date();
const seconds = String(Math.floor(sentAt.getTime() / 1000));
const url = "https://receiver.example:8443/hook?a=b";

function newKey(): SigningKey {
  const { privateKey, publicKey } = generateEndpointKey();
  return { privateKey: createPrivateKey({ key: privateKey, type: "pkcs8", format: "der" }), publicKey };
}

/** Reads a `whpk_` key as a receiver would, from its 32 bytes. */
function readPublicKey(text: string) {
  const x = Buffer.from(text.replace(/^whpk_/, ""), "base64").toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

describe("a message's signatures", () => {
  it("have v1a beside v1, one for each live key, over the same content", () => {
    const [secret, keys] = [generateEndpointSecret(), [newKey(), newKey()]];
    const headers = signMessage({ id, sentAt, payload, secrets: [secret], keys });
    const all = (headers["webhook-signature"] ?? "").split(" ");
    assert.deepEqual(
      all.map((signature) => signature.split(",")[0]),
      ["v1", "v1a", "v1a"],
    );
    const signed = Buffer.concat([Buffer.from(`${id}.${seconds}.`), payload]);
    for (const [index, { publicKey }] of keys.entries()) {
      const signature = Buffer.from(all[index + 1]?.split(",")[1] ?? "", "base64");
      assert.ok(verify(null, signed, readPublicKey(publicKey), signature));
    }
    // A library that knows only v1 passes the others over.
    new Webhook(secret).verify(payload, headers);
  });

  it("go by other names where the receiver has others", () => {
    const secret = generateEndpointSecret();
    const prefixed = signMessage({
      id,
      sentAt,
      payload,
      secrets: [secret],
      signing: resolveSigning({ headerPrefix: "Svix-" }),
    });
    assert.deepEqual(Object.keys(prefixed), ["svix-id", "svix-timestamp", "svix-signature"]);
    const named = signMessage({
      id,
      sentAt,
      payload,
      secrets: [secret],
      signing: resolveSigning({ headerNames: { id: "X-Request-Id" } }),
    });
    assert.deepEqual(Object.keys(named), ["x-request-id", "webhook-timestamp", "webhook-signature"]);
  });

  it("may be a bare HMAC, as GitHub and Stripe make it", () => {
    const secrets = [generateEndpointSecret(), generateEndpointSecret()];
    const [newest = "", oldest = ""] = secrets;
    const raw = { header: "X-Hub-Signature-256", prefix: "sha256=" };
    const github = signMessage({ id, sentAt, payload, secrets, signing: resolveSigning({ raw }) });
    const expected = createHmac("sha256", newest).update(payload).digest("hex");
    assert.equal(github["x-hub-signature-256"], `sha256=${expected}`);
    const timestamped = { header: "Stripe-Signature", format: "timestamped" } as const;
    const stripe = signMessage({ id, sentAt, payload, secrets, signing: resolveSigning({ raw: timestamped }) });
    const over = (secret: string): string =>
      createHmac("sha256", secret).update(`${seconds}.`).update(payload).digest("hex");
    assert.equal(stripe["stripe-signature"], `t=${seconds},v1=${over(newest)},v1=${over(oldest)}`);
  });

  it("may be an HTTP message signature over what is sent (RFC 9421)", () => {
    const secret = generateEndpointSecret();
    const key = newKey();
    for (const keys of [[], [key]]) {
      const headers = signMessage({
        id,
        sentAt,
        payload,
        url,
        secrets: [secret],
        keys,
        signing: resolveSigning({ rfc9421: true }),
      });
      const digest = createHash("sha256").update(payload).digest("base64");
      assert.equal(headers["content-digest"], `sha-256=:${digest}:`);
      const [, label = "", parameters = "", covered = ""] =
        /^(\w+)=(\(([^)]*)\);.*)$/.exec(headers["signature-input"] ?? "") ?? [];
      const lines = [...covered.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => {
        const derived: Record<string, string> = { "@method": "POST", "@target-uri": url };
        return `"${name}": ${derived[name] ?? headers[name]}`;
      });
      assert.equal(lines.length, 5);
      const base = Buffer.from([...lines, `"@signature-params": ${parameters}`].join("\n"));
      const [, signature = ""] = new RegExp(`^${label}=:([^:]+):$`).exec(headers["signature"] ?? "") ?? [];
      if (keys.length > 0) {
        assert.match(parameters, new RegExp(`;created=${seconds};alg="ed25519";keyid="whpk_`));
        assert.ok(verify(null, base, readPublicKey(key.publicKey), Buffer.from(signature, "base64")));
      } else {
        const bytes = Buffer.from(secret.slice("whsec_".length), "base64");
        assert.equal(signature, createHmac("sha256", bytes).update(base).digest("base64"));
      }
    }
  });

  it("verify in Python", function () {
    const program = `
import base64, hashlib, hmac, json, sys
given = json.load(sys.stdin)
signed = (given["id"] + "." + given["timestamp"] + ".").encode() + base64.b64decode(given["payload"])
key = base64.b64decode(given["secret"].removeprefix("whsec_"))
mine = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
assert any(hmac.compare_digest(mine, theirs) for theirs in given["signature"].split(" "))
try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    print("v1")
else:
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(given["publicKey"].removeprefix("whpk_")))
    [theirs] = [s[4:] for s in given["signature"].split(" ") if s.startswith("v1a,")]
    public.verify(base64.b64decode(theirs), signed)
    print("v1 v1a")
`;
    const [secret, key] = [generateEndpointSecret(), newKey()];
    const headers = signMessage({ id, sentAt, payload, secrets: [secret], keys: [key] });
    const input = JSON.stringify({
      id,
      secret,
      publicKey: key.publicKey,
      timestamp: headers["webhook-timestamp"],
      signature: headers["webhook-signature"],
      payload: payload.toString("base64"),
    });
    try {
      execFileSync("python3", ["--version"]);
    } catch {
      this.skip();
    }
    assert.match(execFileSync("python3", ["-c", program], { input }).toString(), /^v1( v1a)?\n$/);
  });
});
