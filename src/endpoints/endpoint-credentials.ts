import { X509Certificate, createPrivateKey } from "node:crypto";
import { z } from "zod";
import { storableText } from "../lib/storable-text.ts";

/** A token for each call, got by RFC 6749 §4.4 (client credentials). */
export const oauth2Credentials = z
  .strictObject({
    tokenUrl: storableText(2048).refine((url) => URL.canParse(url), { error: "must be an absolute URL" }),
    clientId: storableText(512).min(1),
    clientSecret: storableText(4096).min(1).describe("Kept sealed and never shown."),
    scope: storableText(1024).min(1).exactOptional(),
    audience: storableText(1024).min(1).exactOptional(),
    authentication: z
      .enum(["header", "body"])
      .exactOptional()
      .describe("Where the client's id and secret go: HTTP Basic (`header`, the default) or the form (`body`)."),
  })
  .describe("Deliveries carry `Authorization: Bearer …` with a token of this OAuth 2 client.");

/** What the endpoint's TLS asks for. */
export const clientCertificate = z
  .strictObject({
    certificate: storableText(65_536).describe("PEM, with its chain."),
    privateKey: storableText(16_384).describe("PEM, without a passphrase. Kept sealed and never shown."),
  })
  .superRefine(({ certificate, privateKey }, ctx) => {
    const problem = certificateProblem(certificate, privateKey);
    if (problem !== undefined) ctx.addIssue({ code: "custom", ...problem });
  })
  .describe("The client certificate (mutual TLS) that connections to the endpoint show.");

export type Oauth2Credentials = z.infer<typeof oauth2Credentials>;
export type ClientCertificate = z.infer<typeof clientCertificate>;

function certificateProblem(
  certificate: string,
  privateKey: string,
): { readonly path: string[]; readonly message: string } | undefined {
  try {
    const parsed = new X509Certificate(certificate);
    try {
      const key = createPrivateKey(privateKey);
      return parsed.checkPrivateKey(key)
        ? undefined
        : { path: ["privateKey"], message: "does not belong to the certificate" };
    } catch {
      return { path: ["privateKey"], message: "must be a private key in PEM, without a passphrase" };
    }
  } catch {
    return { path: ["certificate"], message: "must be a certificate in PEM" };
  }
}

/** What may be shown of an endpoint's credentials. */
export const shownCredentials = z.object({
  oauth2: oauth2Credentials.omit({ clientSecret: true }).exactOptional(),
  clientCertificate: z
    .object({ subject: z.string(), fingerprint256: z.string(), expiresAt: z.iso.datetime() })
    .exactOptional(),
});

export type ShownCredentials = z.infer<typeof shownCredentials>;

/** What may be shown of a client certificate. */
export function showCertificate({
  certificate,
}: ClientCertificate): NonNullable<ShownCredentials["clientCertificate"]> {
  const { subject, fingerprint256, validToDate } = new X509Certificate(certificate);
  return { subject: subject.replaceAll("\n", ", "), fingerprint256, expiresAt: validToDate.toISOString() };
}

/** What may be shown of an OAuth 2 client. */
export function showOauth2({
  clientSecret: _hidden,
  ...shown
}: Oauth2Credentials): NonNullable<ShownCredentials["oauth2"]> {
  return shown;
}
