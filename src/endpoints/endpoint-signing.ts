import { z } from "zod";
import { isHubHeader } from "./endpoint-headers.ts";

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, { error: "must be letters, digits, - and _" })
  .refine((name) => !isHubHeader(name), { error: "is needed for something else" });

const rawSignature = z
  .strictObject({
    header: headerName.describe("E.g. X-Hub-Signature-256."),
    format: z
      .enum(["body", "timestamped"])
      .exactOptional()
      .describe(
        "`body` (the default): the HMAC of the body, as GitHub sends it. `timestamped`: `t=<seconds>,v1=<HMAC of seconds.body>`, as Stripe does, with a v1 for each live secret.",
      ),
    prefix: z
      .string()
      .regex(/^[\x21-\x7e]{0,32}$/, { error: "must be at most 32 visible ASCII characters" })
      .exactOptional()
      .describe("Before the HMAC, e.g. `sha256=`; for `body` only."),
    encoding: z.enum(["hex", "base64"]).exactOptional().describe("Absent: hex."),
  })
  .refine(({ format, prefix }) => format !== "timestamped" || prefix === undefined, {
    path: ["prefix"],
    error: "has no place in the format timestamped",
  })
  .describe(
    "A bare HMAC-SHA256 beside the standard signature, for receivers that know only that. Its key is the text of the secret, `whsec_` included.",
  );

/** How an endpoint's deliveries are signed besides `v1`. */
export const endpointSigning = z
  .strictObject({
    ed25519: z
      .boolean()
      .exactOptional()
      .describe("A `v1a` signature beside v1, made with a key of the endpoint's own: see `publicKey`."),
    headerPrefix: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,40}-$/, { error: "must be letters, digits and dashes, and end with a dash" })
      .exactOptional()
      .describe("Instead of `webhook-`: `svix-` sends svix-id, svix-timestamp and svix-signature."),
    headerNames: z
      .strictObject({
        id: headerName.exactOptional(),
        timestamp: headerName.exactOptional(),
        signature: headerName.exactOptional(),
      })
      .exactOptional()
      .describe("Instead of single ones of the three headers."),
    raw: rawSignature.exactOptional(),
    rfc9421: z
      .boolean()
      .exactOptional()
      .describe(
        "An HTTP message signature (RFC 9421) over the method, the URL, Content-Digest and the webhook headers.",
      ),
  })
  .superRefine((signing, ctx) => {
    const { id, timestamp, signature } = signatureHeaderNames(signing);
    const names = [id, timestamp, signature, ...(signing.raw === undefined ? [] : [signing.raw.header])];
    if (new Set(names.map((name) => name.toLowerCase())).size < names.length)
      ctx.addIssue({ code: "custom", path: ["headerNames"], message: "names one header twice" });
  });

export type EndpointSigning = z.infer<typeof endpointSigning>;

/** How an endpoint's deliveries are signed, with nothing left to look up. */
export interface ResolvedSigning {
  /** Of the three headers, in lower case. */
  readonly names: { readonly id: string; readonly timestamp: string; readonly signature: string };
  readonly raw: EndpointSigning["raw"];
  readonly rfc9421: boolean;
}

/** How an endpoint's deliveries are signed. */
export function resolveSigning(signing: EndpointSigning | null): ResolvedSigning {
  return { names: signatureHeaderNames(signing ?? {}), raw: signing?.raw, rfc9421: signing?.rfc9421 === true };
}

/** The names of the three headers of Standard Webhooks, in lower case, as this endpoint gets them. */
function signatureHeaderNames({
  headerPrefix = "webhook-",
  headerNames = {},
}: EndpointSigning): ResolvedSigning["names"] {
  const nameOf = (own: string | undefined, last: string): string => (own ?? headerPrefix + last).toLowerCase();
  return {
    id: nameOf(headerNames.id, "id"),
    timestamp: nameOf(headerNames.timestamp, "timestamp"),
    signature: nameOf(headerNames.signature, "signature"),
  };
}
