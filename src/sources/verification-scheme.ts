import type { z } from "zod";
import { schemeProblems } from "./verification/scheme-problems.ts";
import { schemeShape } from "./verification/scheme-shape.ts";

/**
 * How a provider signs its webhooks, as data. Every built-in provider is written in this form, and a source with
 * `provider: "custom"` takes one as `verification.scheme`. Only `algorithm` and `header` are needed.
 *
 * Signature
 * - `algorithm`: `hmac-sha1`, `hmac-sha256`, `hmac-sha512`; `ed25519`, `ecdsa-p256` (DER), `rsa-sha256` with a public key
 *   as the secret; `sha256-prefix`, the plain SHA-256 of secret + content; `static`, the secret itself is sent.
 * - `header`: the header with the signature, or several of which any may carry it. `pointer`: for `static` only, a place
 *   in the body instead.
 * - `itemSeparator`: the header is a list. `keyValueSeparator` and `field`: its items are pairs, and the signatures are
 *   those named `field` (`t=…,v1=…` is `","`, `"="`, `"v1"`).
 * - `prefix`: what stands before each signature (`sha256=`). `encoding`: `hex` (default) or `base64`; for `static`, the
 *   secret is sent as it is when there is none.
 * - `signed`: what is signed, in order: `"body"`, `"method"`, `"url"` (the source's configured URL), `{header}`, `{field}`
 *   of the signature header, `{literal}`. Default `["body"]`. A signed header or field other than the timestamp has at
 *   most 256 characters, no white space, and does not contain the literal after it: else one signature would fit two readings.
 * - `timestamp`: `from` `{header}`, `{field}` or `{pointer}`; `unit` `seconds` (default, 10 digits), `milliseconds`
 *   (13 digits) or `rfc3339`; `toleranceSeconds` (300) either way of now.
 * - `secret`: how the secret is written: `encoding` `utf8` (default), `base64` or `hex`, `stripPrefix` (`whsec_`),
 *   `minBytes` (1). Public keys: PEM as `utf8`; SPKI DER, or for ed25519 the 32 bytes, in the other two.
 * - `alternatives`: other complete ways of signing, any of which may verify. A secret that carries the `stripPrefix` of one
 *   serves only that one; a secret that carries none serves those without, or else the first.
 *
 * Event
 * - `body`: `json` and/or `form`, what the provider sends; default: anything.
 * - `deliveryId`, `eventType`: `{header}` or `{pointer}` (one, or several of which the first present counts; with `except`, texts
 *   that count as absent), `{keyOtherThan: […]}` (the first key of the body that is not listed), `{joined: […], separator?}`
 *   (default `.`), or `{firstOf: […]}`, the first of several that is complete. Without a delivery id its place is taken by the
 *   hash of the body.
 * - `repeatWindowSeconds`: for how long such a hash tells a repeat; default: as long as the hub remembers. For senders whose
 *   bodies are alike although what they tell is not.
 * - `batch`: a delivery holds several events. `items`: where they stand, a pointer in which `*` is each item of a list
 *   (`/events/*`), one or several; `deliveryId` and `eventType` of one item, with pointers into it. A delivery without an id
 *   of its own is known by the ids of all its items, one without a type by the type of the first.
 * - `keepHeaders`: the request headers kept on the event; default `content-type` and `user-agent`.
 * - `answer`: what the provider must be answered with for an event, one or several of which the first that matches counts:
 *   `match` (as below; absent: always) and `respond`.
 *
 * Handshake: `handshake`, one or several, answered instead of storing an event
 * - `request`: `signed` (default: a verified POST), `unsigned` (a POST that has no signature), `get`.
 * - `match`: `pointer`, `header` or (get) `query`, and `equals`, `exists` or `equalsSecret`: what follows this prefix in
 *   one of the source's secrets; such a secret verifies no signature. Several conditions must all hold.
 * - `secretFrom`: (unsigned) a pointer to the secret that the provider hands over with this request.
 * - `respond`: `status` (200) and `text` or `json`, whose values are literals or `{pointer}`, `{query}`, `{hmac: pointer}` (the
 *   value signed as the scheme signs, in its encoding).
 */
export const verificationScheme = schemeShape.superRefine((scheme, context) => {
  for (const { path, message } of schemeProblems(scheme))
    context.addIssue({ code: "custom", path: [...path], message, input: scheme });
});

export type VerificationScheme = z.infer<typeof verificationScheme>;

/**
 * What a source may set of its provider's scheme, where the provider's `settings` say so: a sender of static credentials puts them
 * into any header, and names its events as it likes.
 */
export const schemeSettings = schemeShape.pick({ header: true, deliveryId: true, eventType: true });

export type SchemeSettings = z.infer<typeof schemeSettings>;
