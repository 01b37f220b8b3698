import type { KeyObject } from "node:crypto";
import type { CompiledScheme } from "../compile-scheme.ts";
import { anySignatureMatches } from "./compare-signatures.ts";
import { readPointerText } from "./json-pointer.ts";
import type { KeyMaterial } from "./key-material.ts";
import type { PickedHeaders } from "./pick-headers.ts";
import { readSignatures } from "./read-signatures.ts";
import type { RejectionReason } from "./rejection.ts";
import { byteString } from "./signature-method.ts";
import type { SignatureMethod } from "./signature-method.ts";
import { signedContent } from "./signed-content.ts";
import type { SignedRequest } from "./signed-content.ts";

/** The method and the key that verified the request. */
export interface Authenticated {
  readonly method: SignatureMethod;
  readonly key: KeyObject | Buffer;
}

/**
 * Finds the method and the live secret that verify the request, or says what is wrong with it. The body is bytes here: nothing parses it
 * before it is verified, except for a static secret that stands in it.
 *
 * @param readBody the parsed body; undefined when it cannot be parsed
 */
export function authenticate(
  request: SignedRequest,
  secrets: readonly KeyMaterial[],
  headers: PickedHeaders,
  scheme: CompiledScheme,
  readBody: () => unknown,
): Authenticated | RejectionReason {
  let problem: RejectionReason = "no_live_secret";
  for (const [index, method] of scheme.methods.entries()) {
    const keys = keysOfMethod(secrets, index);
    if (keys.length === 0) continue;
    const result = authenticateBy(method, keys, request, headers, scheme, readBody);
    if (typeof result !== "string") return result;
    problem = moreTelling(problem, result);
  }
  return problem;
}

/** What of the headers came twice and must not. */
export function repeatProblem({ repeated }: PickedHeaders, scheme: CompiledScheme): RejectionReason | undefined {
  if (repeated === undefined) return undefined;
  for (const name of repeated.keys()) if (scheme.signatureHeaders.has(name)) return "duplicate_signature_header";
  for (const name of repeated.keys()) if (scheme.singleHeaders.has(name)) return "duplicate_header";
  return undefined;
}

function keysOfMethod(secrets: readonly KeyMaterial[], methodIndex: number): readonly (KeyObject | Buffer)[] {
  const keys: (KeyObject | Buffer)[] = [];
  for (const secret of secrets) {
    const key = secret.keys[methodIndex];
    if (key !== undefined) keys.push(key);
  }
  return keys;
}

/** Of several methods, the one that the sender used tells what is wrong, not those that it left out. */
function moreTelling(before: RejectionReason, now: RejectionReason): RejectionReason {
  const order: readonly RejectionReason[] = ["no_live_secret", "missing_signature", "unknown_version"];
  const rank = (reason: RejectionReason) => (order.includes(reason) ? order.indexOf(reason) : order.length);
  return rank(now) > rank(before) ? now : before;
}

function authenticateBy(
  method: SignatureMethod,
  keys: readonly (KeyObject | Buffer)[],
  request: SignedRequest,
  headers: PickedHeaders,
  scheme: CompiledScheme,
  readBody: () => unknown,
): Authenticated | RejectionReason {
  const texts = signatureTexts(method, headers.values, readBody);
  if (texts.length === 0) return "missing_signature";
  const signatures = readSignatures(method, texts);
  if (typeof signatures === "string") return signatures;
  const content = signedContent(request, method, headers.values, signatures.fields, scheme.deliveryId?.headers ?? []);
  if (typeof content === "string") return content;
  let verifiedBy: KeyObject | Buffer | undefined;
  for (const key of keys) {
    if (anySignatureMatches(method, key, signatures.candidates, content, request.rawBody)) verifiedBy ??= key;
  }
  return verifiedBy === undefined ? "signature_mismatch" : { method, key: verifiedBy };
}

export function signatureTexts(
  method: SignatureMethod,
  headers: ReadonlyMap<string, string>,
  readBody: () => unknown,
): readonly string[] {
  const texts: string[] = [];
  for (const name of method.headers) {
    const text = headers.get(name);
    if (text !== undefined && text !== "") texts.push(text);
  }
  if (method.pointer !== undefined) {
    const text = readPointerText(readBody(), method.pointer);
    if (text !== undefined) texts.push(byteString(text));
  }
  return texts;
}
