import assert from "node:assert/strict";
import {
  accepted,
  githubSecret,
  githubSignature,
  json,
  nowSeconds,
  refused,
  sourceOf,
  standardBody,
  standardHeaders,
  standardId,
  standardPublicKey,
  standardSecret,
  standardSignature,
  stripeSecret,
  stripeSignature,
} from "./verify-support.ts";

const github = sourceOf("github", githubSecret);
const standard = sourceOf("standard-webhooks", standardSecret);
const stripe = sourceOf("stripe", stripeSecret);
const body = '{"action":"opened"}';
const good = githubSignature(body);
const goodHex = good[1].slice("sha256=".length);

function withSignature(signature: string) {
  return { body, headers: [json, ["X-Hub-Signature-256", signature]] as const };
}

describe("bad input, rows 1-10: signatures", () => {
  it("1: no signature, or an empty one", () => {
    refused(github, { body, headers: [json] }, "missing_signature");
    refused(github, withSignature(""), "missing_signature");
  });

  it("2: a wrong secret", () => {
    refused(github, { body, headers: [json, githubSignature(body, "another")] }, "signature_mismatch");
  });

  it("3: one byte of the body changed", () => {
    refused(github, { body: body.replace("o", "O"), headers: [json, good] }, "signature_mismatch");
  });

  it("4: a truncated signature, or one with something after it", () => {
    refused(github, withSignature(good[1].slice(0, -1)), "malformed_signature");
    refused(github, withSignature(good[1].slice(0, -2)), "malformed_signature");
    refused(github, withSignature(`${good[1]} `), "malformed_signature");
    refused(github, withSignature(`${good[1].slice(0, -2)}zz`), "malformed_signature");
    refused(github, withSignature("sha256="), "malformed_signature");
    refused(standard, { body: standardBody, headers: standardHeaders("v1,") }, "malformed_signature");
  });

  it("5: a wrong prefix, or a downgrade to SHA-1", () => {
    refused(github, withSignature(goodHex), "unknown_version");
    refused(github, withSignature(`SHA256=${goodHex}`), "unknown_version");
    refused(github, withSignature("sha1=3eedfda5d11b6e6dd9a0b8a7a1e8c54b8a8a7c0d"), "unknown_version");
    refused(github, { body, headers: [json, ["X-Hub-Signature", `sha256=${goodHex}`]] }, "missing_signature");
  });

  it("6: hex where base64 is expected, and the other way round", () => {
    const signature = standardSignature(standardId, String(nowSeconds), standardBody).slice("v1,".length);
    const hex = Buffer.from(signature, "base64").toString("hex");
    refused(standard, { body: standardBody, headers: standardHeaders(`v1,${hex}`) }, "malformed_signature");
    refused(github, withSignature(`sha256=${Buffer.from(goodHex, "hex").toString("base64")}`), "malformed_signature");
  });

  it("7: base64 that is not canonical: url alphabet, no padding, white space, loose last bits", () => {
    const signature = standardSignature(standardId, String(nowSeconds), standardBody);
    const loose = `${signature.slice(0, -2)}${String.fromCharCode(signature.charCodeAt(signature.length - 2) + 1)}=`;
    const spellings = [
      signature.slice(0, -1),
      `${signature}=`,
      signature.replace(/[+/]/, "-"),
      loose,
      `${signature}\t`,
    ];
    assert.deepEqual(
      Buffer.from(loose.slice(3), "base64"),
      Buffer.from(signature.slice(3), "base64"),
      "the loose spelling decodes to the same bytes",
    );
    for (const spelling of spellings)
      refused(standard, { body: standardBody, headers: standardHeaders(spelling) }, "malformed_signature");
  });

  it("8: a doubled signature header, even when both are right", () => {
    const sent = { body, headers: [json, good, ["x-hub-signature-256", good[1]]] as const };
    refused(github, sent, "duplicate_signature_header");
  });

  it("8: a doubled timestamp, id or event header", () => {
    const signature = standardSignature(standardId, String(nowSeconds), standardBody);
    for (const name of ["webhook-timestamp", "webhook-id"]) {
      const headers = standardHeaders(signature);
      const value = headers.find(([header]) => header.toLowerCase() === name)?.[1] ?? "";
      refused(standard, { body: standardBody, headers: [...headers, [name, value]] }, "duplicate_header");
    }
    const events = [
      ["X-GitHub-Event", "push"],
      ["X-GitHub-Event", "issues"],
    ] as const;
    refused(github, { body, headers: [json, good, ...events] }, "duplicate_header");
  });

  it("9: more than ten signatures, whichever is right; ten are looked at", () => {
    const signature = standardSignature(standardId, String(nowSeconds), standardBody);
    const wrong = `v1,${Buffer.alloc(32).toString("base64")} `;
    accepted(standard, { body: standardBody, headers: standardHeaders(wrong.repeat(9) + signature) });
    const eleven = standardHeaders(`${signature} ${wrong.repeat(10).trim()}`);
    refused(standard, { body: standardBody, headers: eleven }, "too_many_signatures");
    refused(
      standard,
      { body: standardBody, headers: standardHeaders(`${"v9,x ".repeat(10)}${signature}`) },
      "too_many_signatures",
    );
    const header = `t=${nowSeconds}${`,v1=${stripeSignature(nowSeconds, body)}`.repeat(11)}`;
    refused(stripe, { body, headers: [json, ["Stripe-Signature", header]] }, "too_many_signatures");
  });

  it("10: only unknown versions", () => {
    const signature = standardSignature(standardId, String(nowSeconds), standardBody).slice("v1,".length);
    for (const header of [`v2,${signature}`, `v3,x v9,${signature}`, signature, "garbage", `v1a,${signature}`])
      refused(standard, { body: standardBody, headers: standardHeaders(header) }, "unknown_version");
    const v0 = `t=${nowSeconds},v0=${stripeSignature(nowSeconds, body)}`;
    refused(stripe, { body, headers: [json, ["Stripe-Signature", v0]] }, "unknown_version");
  });

  it("10: the reason is that of the version that was sent, not of the one that was not", () => {
    const both = sourceOf("standard-webhooks", standardSecret, standardPublicKey);
    const wrong = `v1,${Buffer.alloc(32).toString("base64")}`;
    refused(both, { body: standardBody, headers: standardHeaders(wrong) }, "signature_mismatch");
    const wrongAsymmetric = `v1a,${Buffer.alloc(64).toString("base64")}`;
    refused(both, { body: standardBody, headers: standardHeaders(wrongAsymmetric) }, "signature_mismatch");
  });
});

describe("bad input, rows 11-15: timestamps and ids", () => {
  function standardAt(timestamp: string, id = standardId) {
    const signature = standardSignature(id, timestamp, standardBody);
    return { body: standardBody, headers: standardHeaders(signature, id, timestamp) };
  }
  function stripeAt(timestamp: string) {
    const header = `t=${timestamp},v1=${stripeSignature(timestamp, body)}`;
    return { body, headers: [json, ["Stripe-Signature", header]] as const };
  }

  it("11: too old; the edge of the tolerance is not", () => {
    accepted(standard, standardAt(String(nowSeconds - 300)));
    refused(standard, standardAt(String(nowSeconds - 301)), "stale_timestamp");
    refused(stripe, stripeAt(String(nowSeconds - 301)), "stale_timestamp");
  });

  it("11: the source's own tolerance counts before the scheme's", () => {
    const sent = standardAt(String(nowSeconds - 301));
    accepted(standard, { ...sent, toleranceSeconds: 600 });
    refused(standard, { ...standardAt(String(nowSeconds - 11)), toleranceSeconds: 10 }, "stale_timestamp");
  });

  it("12: in the future, which Stripe's own library accepts", () => {
    accepted(stripe, stripeAt(String(nowSeconds + 300)));
    refused(standard, standardAt(String(nowSeconds + 301)), "future_timestamp");
    refused(stripe, stripeAt(String(nowSeconds + 301)), "future_timestamp");
  });

  it("13: no timestamp, 123abc, a float, a negative one, milliseconds, a sign, an exponent, white space", () => {
    const now = String(nowSeconds);
    const bad = ["", `${now}abc`, `${now}.5`, `-${now}`, `${now}000`, `+${now}`, "1.6e9", ` ${now}`, `0${now}`, "NaN"];
    for (const timestamp of bad) {
      refused(standard, standardAt(timestamp), "bad_timestamp");
      refused(stripe, stripeAt(timestamp), "bad_timestamp");
    }
    const headers = standardAt(now).headers.filter(([name]) => name !== "Webhook-Timestamp");
    refused(standard, { body: standardBody, headers }, "bad_timestamp");
    const noTimestamp = [json, ["Stripe-Signature", `v1=${stripeSignature("", body)}`]] as const;
    refused(stripe, { body, headers: noTimestamp }, "bad_timestamp");
  });

  it("14: two t= in one header, even when they agree", () => {
    const signature = stripeSignature(nowSeconds, body);
    for (const second of [nowSeconds, nowSeconds - 9999]) {
      const header = `t=${nowSeconds},t=${second},v1=${signature}`;
      refused(stripe, { body, headers: [json, ["Stripe-Signature", header]] }, "bad_timestamp");
    }
  });

  it("15: an id with a dot, white space or nothing in it, a missing one, one that is too long", () => {
    for (const id of ["a.5", ".", "", "a b", "a\u0000b", "a\tb", "x".repeat(257)])
      refused(standard, standardAt(String(nowSeconds), id), "bad_id");
    accepted(standard, standardAt(String(nowSeconds), "x".repeat(256)));
    const headers = standardAt(String(nowSeconds)).headers.filter(([name]) => name !== "Webhook-Id");
    refused(standard, { body: standardBody, headers }, "bad_id");
  });

  it("15: the same signed bytes cut elsewhere", () => {
    const signature = standardSignature("a", String(nowSeconds), `${nowSeconds}.{}`);
    const moved = standardHeaders(signature, `a.${nowSeconds}`);
    refused(standard, { body: "{}", headers: moved }, "bad_id");
  });
});

describe("bad input, rows 19-22: sources and secrets", () => {
  it("20: one source's signature on another source", () => {
    const other = sourceOf("github", "the other source's secret");
    refused(other, { body, headers: [json, good] }, "signature_mismatch");
  });

  it("22: a secret verifies while it is live and not after; the order of the secrets does not matter", () => {
    const sent = { body, headers: [json, good] };
    accepted(sourceOf("github", githubSecret, "new"), sent);
    accepted(sourceOf("github", "new", githubSecret), sent);
    refused(sourceOf("github", "new"), sent, "signature_mismatch");
    refused(sourceOf("github"), sent, "no_live_secret");
  });
});
