import { createHash, createHmac } from "node:crypto";
import { isSignedByAny, textKey } from "../verification/code-key.ts";
import type { CodeRequest, CodeVerifier } from "../verification/code-verifier.ts";
import type { RejectionReason } from "../verification/rejection.ts";

const authorization = "authorization";
const token = /^(?:Bearer|JWT) ([A-Za-z0-9_-]{1,2048})\.([A-Za-z0-9_-]{1,4096})\.([A-Za-z0-9_-]{43})$/;
/** Clocks of two machines. */
const leewaySeconds = 60;
/** How long a token is good that only says when it was made: Atlassian names the claims of Connect apps, and not of the others. */
const lifetimeSeconds = 300;

/**
 * The webhooks of OAuth 2.0 and Connect apps: https://developer.atlassian.com/cloud/jira/platform/webhooks/ ("Dynamic webhooks"),
 * https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/. The token says that Jira sent something to this URL within
 * its few minutes; the body is not signed.
 */
export const jiraJwtVerifier: CodeVerifier = {
  signature:
    "a JWT (HS256, not expired; of `qsh`, where it has one, the method and URL) in `authorization` after `Bearer ` or `JWT `",
  headers: [authorization],
  event: {
    body: "json",
    deliveryId: { header: "x-atlassian-webhook-identifier" },
    eventType: { pointer: "/webhookEvent" },
    keepHeaders: [
      "content-type",
      "user-agent",
      "x-atlassian-webhook-flow",
      "x-atlassian-webhook-identifier",
      "x-atlassian-webhook-retry",
    ],
  },
  decodeSecret: (secret) =>
    Buffer.byteLength(secret) < 16
      ? "must have at least 16 bytes: the app's client secret or shared secret"
      : textKey(secret),
  authenticate: (request, keys) => {
    const text = request.headers.get(authorization) ?? "";
    if (text === "") return "missing_signature";
    const [, head = "", claims = "", signature = ""] = token.exec(text) ?? [];
    if (head === "") return "malformed_signature";
    const { alg, crit } = decodePart(head) ?? {};
    // One algorithm, and never the one that the token would like: `none`, or what it says that we do not know.
    if (alg !== "HS256" || crit !== undefined) return "unknown_version";
    const bytes = Buffer.from(signature, "base64url");
    if (bytes.toString("base64url") !== signature) return "malformed_signature";
    if (!isSignedByAny(keys, "sha256", `${head}.${claims}`, bytes)) return "signature_mismatch";
    return claimsProblem(decodePart(claims) ?? {}, request) ?? "verified";
  },
  sign: (secret, { nowMs }, { headers, body }) => {
    const iat = Math.floor(nowMs / 1000);
    const unsigned = [
      { alg: "HS256", typ: "JWT" },
      { iss: "jira", iat, exp: iat + 180 },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = createHmac("sha256", textKey(secret)).update(unsigned).digest("base64url");
    const type = ["Content-Type", "application/json"] as const;
    const credential = ["Authorization", `Bearer ${unsigned}.${signature}`] as const;
    return { method: "POST", headers: [type, ...headers, credential], rawBody: Buffer.from(JSON.stringify(body)) };
  },
};

function decodePart(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const part: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return typeof part === "object" && part !== null ? (part as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function claimsProblem(
  { exp, iat, nbf, qsh }: Readonly<Record<string, unknown>>,
  request: CodeRequest,
): RejectionReason | undefined {
  const now = request.nowMs / 1000;
  const end = exp === undefined && typeof iat === "number" ? iat + lifetimeSeconds : exp;
  if (typeof end !== "number" || !Number.isFinite(end)) return "bad_timestamp";
  if (end + leewaySeconds < now) return "stale_timestamp";
  for (const from of [iat, nbf]) {
    if (from === undefined) continue;
    if (typeof from !== "number" || !Number.isFinite(from)) return "bad_timestamp";
    if (from - leewaySeconds > now) return "future_timestamp";
  }
  // `context-qsh` is Atlassian's word for a token that is not tied to one URL.
  if (qsh === undefined || qsh === "context-qsh") return undefined;
  return typeof qsh === "string" && queryHashes(request).includes(qsh) ? undefined : "bad_signed_value";
}

/** The path counts from the app's base URL, which only its descriptor knows: any beginning of the path may be it. */
function queryHashes({ method, url, query = "" }: CodeRequest): readonly string[] {
  const segments = (URL.parse(url)?.pathname ?? "/").split("/").filter((segment) => segment !== "");
  const parameters = canonicalQuery(query);
  return Array.from({ length: segments.length + 1 }, (_, start) => {
    const path = `/${segments.slice(start).join("/")}`;
    return createHash("sha256").update(`${method}&${path}&${parameters}`).digest("hex");
  });
}

function canonicalQuery(query: string): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const byName = Map.groupBy(
    [...new URLSearchParams(query)].filter(([name]) => name !== "jwt"),
    ([name]) => encode(name),
  );
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, pairs]) =>
        `${name}=${pairs
          .map(([, value]) => encode(value))
          .toSorted()
          .join(",")}`,
    )
    .join("&");
}
