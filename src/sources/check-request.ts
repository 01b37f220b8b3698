import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { InvalidError, NotFoundError } from "../lib/errors.ts";
import type { CompiledScheme } from "./compile-scheme.ts";
import { compileSecret } from "./compile-secret.ts";
import { type Explanation, explainVerification, type SeenTimestamp } from "./explain-verification.ts";
import type { CertificateCache } from "./fetch-certificate.ts";
import type { CapturedRequest, RequestCheck } from "./request-check.ts";
import type { SourceCache } from "./source-cache.ts";
import { schemeOfSource, secretProblems } from "./source-scheme.ts";
import { selectSource } from "./store.ts";
import type { KeyMaterial } from "./verification/key-material.ts";
import { signedUrlOf } from "./verify-delivery.ts";
import { verifyInbound } from "./verify-inbound.ts";
import type { InboundRequest } from "./verify-request.ts";

/** What a request is checked against. */
interface Against extends Pick<InboundRequest, "keys" | "url" | "toleranceSeconds"> {
  readonly scheme: CompiledScheme;
}

/**
 * Says step by step why a captured request does or does not verify, and stores nothing. For operators: it looks at secrets, and
 * tells of each whether it signed the request, which is no more than sending it would tell. Throws InvalidError for a secret
 * or settings that do not fit, NotFoundError when the project has no such source.
 */
export async function checkRequest(
  ctx: Context,
  { sources, certificates }: { readonly sources: SourceCache; readonly certificates: CertificateCache },
  captured: CapturedRequest,
): Promise<RequestCheck> {
  authorise(ctx.actor, "sources:verify");
  const nowMs = captured.now === undefined ? ctx.clock.now() : Date.parse(captured.now);
  const { scheme, ...known } = await againstWhat(ctx, sources, captured, nowMs);
  const headers = Array.isArray(captured.headers) ? captured.headers : Object.entries(captured.headers);
  const request: InboundRequest = {
    ...known,
    method: captured.method ?? "POST",
    query: captured.url?.split("?").slice(1).join("?"),
    headers: headers.flat(),
    rawBody: bodyOf(captured),
    nowMs,
  };
  const decided = await verifyInbound(request, scheme, certificates);
  return {
    verified: decided.ok,
    ...(decided.ok
      ? { deliveryId: decided.deliveryId, eventType: decided.eventType, handshake: decided.handshake !== undefined }
      : { reason: decided.reason }),
    ...(scheme.verifier === undefined ? {} : { signature: scheme.verifier.signature }),
    signedUrl: request.url,
    bodySize: request.rawBody.length,
    ...present(explainVerification(request, scheme)),
  };
}

async function againstWhat(
  ctx: Context,
  sources: SourceCache,
  { sourceId, provider, verification = {}, secrets, url }: CapturedRequest,
  nowMs: number,
): Promise<Against> {
  if (sourceId === undefined) {
    if (provider === undefined) throw invalid("provider", "or sourceId must be there");
    const scheme = schemeOfSource(provider, verification);
    const { toleranceSeconds } = verification;
    return { scheme, keys: keysOf(scheme, secrets ?? []), url: verification.url ?? url ?? "", toleranceSeconds };
  }
  if (provider !== undefined) throw invalid("provider", "must be absent beside sourceId");
  const row = await selectSource(ctx.db, ctx.actor.projectId, sourceId);
  const source = row && (await sources.get(ctx.db, sourceId));
  if (source === undefined) throw new NotFoundError("There is no such source in this project");
  const { scheme, toleranceSeconds } = source;
  const keys = secrets === undefined ? source.keysAt(nowMs) : keysOf(scheme, secrets);
  return { scheme, keys, url: signedUrlOf(ctx, source), toleranceSeconds };
}

function keysOf(scheme: CompiledScheme, secrets: readonly string[]): KeyMaterial[] {
  const problems = secretProblems(scheme, new Map(secrets.map((text, index) => [`secrets.${index}`, text])));
  if (problems.length > 0) throw new InvalidError("A secret does not fit what the provider signs with", problems);
  return secrets.flatMap((text) => {
    const compiled = compileSecret(scheme, text);
    return compiled.ok ? [compiled.key] : [];
  });
}

function bodyOf({ body, bodyBase64 }: CapturedRequest): Buffer {
  if (body !== undefined && bodyBase64 !== undefined) throw invalid("body", "must be absent beside bodyBase64");
  return bodyBase64 === undefined ? Buffer.from(body ?? "") : Buffer.from(bodyBase64, "base64");
}

function present({ headers, methods }: Explanation): Pick<RequestCheck, "headers" | "methods"> {
  return {
    headers: [...headers],
    methods: methods.map(({ algorithm, readFrom, secrets, reason, timestamp, signed, comparisons }) => ({
      algorithm,
      readFrom: [...readFrom],
      secrets,
      ...(reason === undefined ? {} : { reason }),
      ...(timestamp === undefined ? {} : { timestamp: withoutAbsent(timestamp) }),
      ...(signed === undefined ? {} : { signed }),
      comparisons: [...comparisons],
    })),
  };
}

function withoutAbsent({ text, skewSeconds, toleranceSeconds, problem }: SeenTimestamp): {
  toleranceSeconds: number;
  text?: string;
  skewSeconds?: number;
  problem?: string;
} {
  return {
    toleranceSeconds,
    ...(text === undefined ? {} : { text }),
    ...(skewSeconds === undefined ? {} : { skewSeconds }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function invalid(path: string, message: string): InvalidError {
  return new InvalidError(`${path} ${message}`, [{ path, message }]);
}
