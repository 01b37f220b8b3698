import { comparedKey, isAnyOf } from "../verification/code-key.ts";
import type { CodeVerifier } from "../verification/code-verifier.ts";
import { readPointer, withValueAt } from "../verification/json-pointer.ts";

/** Graph's have a few hundred characters at most. */
const maxTokenLength = 4096;

/**
 * https://learn.microsoft.com/graph/change-notifications-delivery-webhooks: every notification holds the clientState that its subscription was
 * made with; nothing is signed. A new subscription is asked for by a POST with `validationToken` in its query.
 */
export const microsoftGraphVerifier: CodeVerifier = {
  signature: "the secret itself in body `/value/*/clientState`, of every item",
  headers: [],
  event: {
    body: "json",
    batch: {
      items: "/value/*",
      deliveryId: {
        firstOf: [
          { pointer: "/id" },
          {
            joined: [
              { pointer: "/subscriptionId" },
              { pointer: ["/changeType", "/lifecycleEvent"] },
              { pointer: "/resource" },
              { pointer: "/resourceData/@odata.etag" },
            ],
            separator: ":",
          },
        ],
      },
      eventType: { pointer: ["/lifecycleEvent", "/changeType"] },
    },
    // What has neither an id nor an etag says the same each time.
    repeatWindowSeconds: 300,
    keepHeaders: ["content-type", "user-agent"],
  },
  decodeSecret: comparedKey,
  authenticate: (request, keys) => {
    const body = request.readBody();
    const items = body.ok ? readPointer(body.value, ["value"]) : undefined;
    if (!Array.isArray(items) || items.length === 0) return "missing_signature";
    let verified = true;
    for (const item of items as readonly unknown[]) {
      const state = readPointer(item, ["clientState"]);
      if (typeof state !== "string" || state === "") return "missing_signature";
      if (!isAnyOf(keys, state)) verified = false;
    }
    return verified ? "verified" : "signature_mismatch";
  },
  question: ({ query, rawBody }) => {
    const [token = "", ...others] = new URLSearchParams(query).getAll("validationToken");
    if (token === "" || others.length > 0 || token.length > maxTokenLength || rawBody.length > 0) return undefined;
    return { status: 200, contentType: "text/plain; charset=utf-8", body: token };
  },
  sign: (secret, _request, { headers, body }) => {
    const rawBody = Buffer.from(JSON.stringify(withValueAt(body, ["value", "0", "clientState"], secret)));
    return { method: "POST", headers: [["Content-Type", "application/json"], ...headers], rawBody };
  },
};
