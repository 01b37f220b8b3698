import type { VerificationScheme } from "../verification-scheme.ts";
import type { Provider } from "./provider.ts";

/**
 * For senders that cannot sign: what they send proves that they know the secret, and neither that the body is theirs nor when it was
 * sent. Take them over TLS only, and a signature wherever there is one.
 */
const shared = {
  // What senders call these by custom; a source says what its own calls them.
  deliveryId: { header: ["webhook-id", "idempotency-key", "x-webhook-id", "x-delivery-id"] },
  eventType: {
    firstOf: [{ header: ["x-event-type", "x-webhook-event"] }, { pointer: ["/type", "/event_type", "/event"] }],
  },
  // A job that reports the same every night is no repeat; a retry after a timeout is.
  repeatWindowSeconds: 300,
  keepHeaders: [
    "content-type",
    "user-agent",
    "idempotency-key",
    "webhook-id",
    "x-delivery-id",
    "x-event-type",
    "x-webhook-event",
    "x-webhook-id",
  ],
} satisfies Partial<VerificationScheme>;

const sample: Provider["sample"] = {
  headers: { "X-Delivery-Id": "$id" },
  body: { type: "backup.finished", finishedAt: "$time", host: "db-1", bytes: 73400320 },
  eventType: "backup.finished",
};

export const bearer: Provider = {
  id: "bearer",
  name: "Bearer token",
  docsUrl: undefined,
  secretHint: "The token without Bearer, a long random text.",
  setup: ["Let the sender POST to {url} with the header Authorization: Bearer and the token."],
  handshake: undefined,
  settings: ["deliveryId", "eventType"],
  scheme: { ...shared, algorithm: "static", header: "authorization", prefix: "Bearer " },
  sample,
};

export const basic: Provider = {
  id: "basic",
  name: "Basic authentication",
  docsUrl: undefined,
  secretHint: "User name, colon, password, as they are and not in base64: user:password.",
  setup: ["Let the sender POST to {url} with the user name and the password (HTTP basic authentication)."],
  handshake: undefined,
  settings: ["deliveryId", "eventType"],
  scheme: { ...shared, algorithm: "static", header: "authorization", prefix: "Basic ", encoding: "base64" },
  sample,
};

export const apiKey: Provider = {
  id: "api-key",
  name: "API key in a header",
  docsUrl: undefined,
  secretHint:
    "The key, a long random text. It is expected in X-Api-Key unless the source's verification.header says otherwise.",
  setup: [
    "Let the sender POST to {url} with the key in the header X-Api-Key, or in the one that verification.header names.",
  ],
  handshake: undefined,
  settings: ["header", "deliveryId", "eventType"],
  scheme: { ...shared, algorithm: "static", header: "x-api-key" },
  sample,
};

export const mtlsHeader: Provider = {
  id: "mtls-header",
  name: "Client certificate, checked by the proxy",
  docsUrl: undefined,
  secretHint: "The fingerprint of the client's certificate, written as the proxy writes it.",
  setup: [
    "Let the proxy in front of the hub ask for a client certificate, check it, and pass its fingerprint in X-Client-Cert-Fingerprint, or in the header that verification.header names.",
    "The proxy must remove that header from what clients send, and nothing but the proxy may reach the hub: whoever can set the header is let in.",
    "Let the sender POST to {url} with its certificate.",
  ],
  handshake: undefined,
  settings: ["header", "deliveryId", "eventType"],
  scheme: { ...shared, algorithm: "static", header: "x-client-cert-fingerprint" },
  sample,
};
