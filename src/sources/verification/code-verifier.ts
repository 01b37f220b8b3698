import type { KeyObject, X509Certificate } from "node:crypto";
import type { ParsedBody } from "../../lib/parse-body.ts";
import type { FilledSample } from "../fill-sample.ts";
import type { SampleDelivery, SampleRequest } from "../prepare-sample.ts";
import type { AnswerResponse } from "./answer.ts";
import type { HandshakeResponse } from "./handshake.ts";
import type { RejectionReason } from "./rejection.ts";
import type { MethodShape, SchemeShape } from "./scheme-shape.ts";
import type { SignedRequest } from "./signed-content.ts";

/** The part of a scheme that does not say how the sender signs. */
export type EventShape = Omit<SchemeShape, keyof MethodShape | "alternatives">;

/** A secret as its verifier decoded it. */
export type CodeKey = KeyObject | Buffer;

/** A request as a verifier in code sees it. Nothing of it is verified yet. */
export interface CodeRequest extends SignedRequest {
  /** Those that the verifier asked for, and the scheme's others; each came once. */
  readonly headers: ReadonlyMap<string, string>;
  /** What stands after `?` in the requested URL. */
  readonly query: string | undefined;
  readonly readBody: () => ParsedBody;
  /** A certificate that has been fetched already. */
  readonly certificateOf: (url: string) => X509Certificate | undefined;
}

/** The request cannot be judged before this certificate is there. The URL has been checked against the provider's own hosts. */
export interface NeedsCertificate {
  readonly needs: "certificate";
  readonly url: string;
}

/**
 * How a provider is verified whose signature the declarative scheme cannot say. All of it is pure: what has to be fetched is asked
 * for, and fetched outside.
 */
export interface CodeVerifier {
  /** How it signs, in words, as the table of providers shows it. */
  readonly signature: string;
  /** The headers that it reads, in lower case. One that comes twice is refused. */
  readonly headers: readonly string[];
  /** What becomes of a verified request, in the words of the scheme. */
  readonly event: EventShape;
  /** The key, or a sentence that says what is wrong with the secret and does not repeat it. */
  readonly decodeSecret: (secret: string) => CodeKey | string;
  /** @param keys the live ones; at least one */
  readonly authenticate: (
    request: CodeRequest,
    keys: readonly CodeKey[],
  ) => "verified" | RejectionReason | NeedsCertificate;
  /** The answer to what the provider asks unsigned; undefined for everything else. */
  readonly question?: (request: CodeRequest) => HandshakeResponse | undefined;
  /** The answer to what it asks signed; undefined for an event. */
  readonly handshake?: (body: unknown) => HandshakeResponse | undefined;
  /** What it must be answered with for an event, where the scheme's `answer` cannot say it. */
  readonly answer?: AnswerResponse;
  /** Signs a sample as the provider would; absent where only the provider has the private key. */
  readonly sign?: (secret: string, request: SampleRequest, sample: FilledSample) => SampleDelivery;
}
