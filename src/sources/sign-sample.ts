import type { CompiledScheme } from "./compile-scheme.ts";
import { compileSecret } from "./compile-secret.ts";
import { fillSample, plainSample } from "./fill-sample.ts";
import { prepareSample, type SampleDelivery, type SampleRequest } from "./prepare-sample.ts";
import type { ProviderSample } from "./providers/provider.ts";
import type { CodeVerifier } from "./verification/code-verifier.ts";
import { expectedSignature } from "./verification/compare-signatures.ts";
import type { SignatureMethod } from "./verification/signature-method.ts";

/** Why a sample cannot be signed; the words are stable. */
type Unsupported = "bad_secret" | "handshake_secret" | "public_key" | "unsignable";

/** A delivery as the provider would send it, or why there is none, with a sentence for the operator. */
export type SignedSample =
  | ({ readonly ok: true } & SampleDelivery)
  | { readonly ok: false; readonly unsupported: Unsupported; readonly message: string };

/**
 * Signs a sample as the scheme's sender would, with one of the source's secrets. Pure: the id and the time come in.
 *
 * @param sample the provider's; absent: a plain one, for a source with a scheme of its own
 */
export function signSample(
  scheme: CompiledScheme,
  secret: string,
  request: SampleRequest,
  sample: ProviderSample = plainSample,
): SignedSample {
  const compiled = compileSecret(scheme, secret);
  if (!compiled.ok) return unsupported("bad_secret", `The secret ${compiled.message}`);
  if (scheme.verifier !== undefined) return signByCode(scheme.verifier, secret, request, sample);
  const index = compiled.key.keys.findIndex((key) => key !== undefined);
  const key = compiled.key.keys[index];
  const method = scheme.methods[index];
  if (key === undefined || method === undefined)
    return unsupported("handshake_secret", "This secret only answers the provider's question");
  if (!Buffer.isBuffer(key) && key.type !== "secret")
    return unsupported("public_key", "The secret is a public key: only the provider has the private one that signs");
  const prepared = prepareSample(method, request, sample);
  if (prepared === undefined)
    return unsupported("unsignable", "The scheme signs a header in which the sample's id or time may not stand");
  const signature = Buffer.isBuffer(key)
    ? staticSecret(method, secret)
    : expectedSignature(method, key, prepared.content, prepared.rawBody);
  return { ok: true, ...prepared.complete(signature) };
}

function signByCode(
  { sign }: CodeVerifier,
  secret: string,
  request: SampleRequest,
  sample: ProviderSample,
): SignedSample {
  if (sign === undefined)
    return unsupported("public_key", "The provider signs with a private key of its own: only it can sign a sample");
  return { ok: true, ...sign(secret, request, fillSample(sample, request)) };
}

/** A key of a static secret is its hash; what is sent is the secret. */
function staticSecret({ stripPrefix = "", secretEncoding }: SignatureMethod, secret: string): Buffer {
  return Buffer.from(secret.startsWith(stripPrefix) ? secret.slice(stripPrefix.length) : secret, secretEncoding);
}

function unsupported(reason: Unsupported, message: string): SignedSample {
  return { ok: false, unsupported: reason, message };
}
