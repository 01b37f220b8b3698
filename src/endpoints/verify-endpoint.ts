import { randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { Oauth2Tokens } from "../deliveries/oauth2-tokens.ts";
import { signMessage } from "../deliveries/sign-message.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { OutboundResult } from "../platform/outbound-exchange.ts";
import { type EndpointRecord, endpointLoader, liveKeys, liveSecrets } from "./endpoint-cache.ts";
import { type StoredVerification, unverified } from "./endpoint-verification.ts";
import { endpointSchema, presentEndpoint } from "./endpoint.ts";
import { holdEndpoint } from "./hold-endpoint.ts";
import { settleHeld } from "./settle-held.ts";
import { selectEndpoint, updateEndpointRow } from "./store.ts";

export const verifiedEndpointSchema = z
  .object({
    verified: z.boolean(),
    detail: z.string().exactOptional().describe("Why it is not."),
    endpoint: endpointSchema,
  })
  .meta({ id: "VerifiedEndpoint" });

type VerifiedEndpoint = z.infer<typeof verifiedEndpointSchema>;

/** What an endpoint has shown, or why it has not. */
type Verdict = { readonly ok: true; readonly ratePerSecond?: number } | { readonly ok: false; readonly detail: string };

const challengeBytes = 32;
const maxResponseBytes = 16_384;

type Call = Omit<Parameters<Context["outbound"]["request"]>[0], "url" | "timeoutMs" | "maxResponseBytes">;

async function call(ctx: Context, endpoint: EndpointRecord, request: Call): Promise<OutboundResult | string> {
  const { identity, url, timeoutMs } = endpoint;
  if (identity === "unreadable") return "its certificate cannot be opened; set it again";
  const token = await new Oauth2Tokens(ctx).get(endpoint);
  if (token !== undefined && !token.ok) return token.detail;
  return await ctx.outbound.request({
    ...request,
    headers: {
      ...endpoint.headers,
      ...request.headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token.token}` }),
    },
    url,
    timeoutMs,
    maxResponseBytes,
    ...(identity === undefined ? {} : { identity }),
  });
}

// As plain text, or as the field `challenge` of an object.
function echoes(body: Buffer, challenge: string): boolean {
  const text = body.toString("utf8").trim();
  let echoed: unknown = text;
  if (text.startsWith("{"))
    try {
      echoed = (JSON.parse(text) as { readonly challenge?: unknown }).challenge;
    } catch {
      return false;
    }
  const given = Buffer.from(typeof echoed === "string" ? echoed : "");
  const wanted = Buffer.from(challenge);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function askChallenge(ctx: Context, endpoint: EndpointRecord): Promise<Verdict> {
  const challenge = randomBytes(challengeBytes).toString("base64url");
  const sentAt = new Date(ctx.clock.now());
  const timestamp = sentAt.toISOString();
  const payload = Buffer.from(JSON.stringify({ type: "endpoint.verification", timestamp, data: { challenge } }));
  const signature = signMessage({
    id: toWireId("message", ctx.newId()),
    sentAt,
    payload,
    secrets: liveSecrets(endpoint, sentAt.getTime()),
    keys: liveKeys(endpoint, sentAt.getTime()),
    signing: endpoint.signing,
    url: endpoint.url,
  });
  const headers = { "content-type": "application/json", ...signature };
  const result = await call(ctx, endpoint, { method: "POST", headers, body: payload });
  if (typeof result === "string") return { ok: false, detail: result };
  if (result.kind === "failure") return { ok: false, detail: result.detail };
  if (result.status < 200 || result.status > 299) return { ok: false, detail: `it answered ${result.status}` };
  return echoes(result.body, challenge) ? { ok: true } : { ok: false, detail: "its answer is not the challenge" };
}

/** HTTP 1.1 Web Hooks for Event Delivery (CloudEvents), §4: the receiver names who may send, and how much a minute. */
async function askOptions(ctx: Context, endpoint: EndpointRecord): Promise<Verdict> {
  const origin = new URL(ctx.publicUrl()).hostname;
  const result = await call(ctx, endpoint, { method: "OPTIONS", headers: { "webhook-request-origin": origin } });
  if (typeof result === "string") return { ok: false, detail: result };
  if (result.kind === "failure") return { ok: false, detail: result.detail };
  if (result.status < 200 || result.status > 299) return { ok: false, detail: `it answered ${result.status}` };
  const allowed = result.headers["webhook-allowed-origin"]?.trim().toLowerCase();
  if (allowed !== "*" && allowed !== origin.toLowerCase())
    return { ok: false, detail: `its WebHook-Allowed-Origin does not name ${origin}` };
  const perMinute = /^\d{1,9}$/.exec(result.headers["webhook-allowed-rate"]?.trim() ?? "")?.[0];
  return perMinute === undefined || Number(perMinute) === 0
    ? { ok: true }
    : { ok: true, ratePerSecond: Math.max(Number(perMinute) / 60, 0.01) };
}

/**
 * Asks an endpoint whether it wants to be called, and switches it on when it does; what was held for it is sent then. Nothing
 * is locked while it is asked. Throws ConflictError `not_verifiable` for one that need not show it, `endpoint_changed` when its
 * URL was changed meanwhile, NotFoundError for an endpoint of others.
 */
export async function verifyEndpoint(ctx: Context, id: string): Promise<VerifiedEndpoint> {
  authorise(ctx.actor, "endpoints:write");
  const before = await selectEndpoint(ctx.db, ctx.actor, id);
  const endpoint = (await endpointLoader(ctx)(ctx.db, [id])).get(id);
  if (before === undefined || endpoint === undefined)
    throw new NotFoundError("There is no such endpoint in this project");
  const verification = before.verification as StoredVerification | null;
  if (verification === null) throw new ConflictError("not_verifiable", "The endpoint need not be verified");
  const verdict = await (verification.method === "challenge" ? askChallenge : askOptions)(ctx, endpoint);
  if (!verdict.ok) return { verified: false, detail: verdict.detail, endpoint: presentEndpoint(before) };
  return await ctx.db.transaction(async (tx) => {
    const present = await holdEndpoint(ctx, tx, id);
    if (present.url !== before.url) throw new ConflictError("endpoint_changed", "Its URL was changed; verify it again");
    const now = new Date(ctx.clock.now());
    const { ratePerSecond = Number.POSITIVE_INFINITY } = verdict;
    const rate = Math.min(present.rate_limit_per_second ?? Number.POSITIVE_INFINITY, ratePerSecond);
    const isOn = present.disabled && present.disabled_reason === unverified;
    const row = await updateEndpointRow(tx, id, {
      verification: JSON.stringify({ method: verification.method, verifiedAt: now.toISOString() }),
      rate_limit_per_second: Number.isFinite(rate) ? rate : null,
      ...(isOn ? { disabled: false, disabled_reason: null, disabled_at: null } : {}),
      updated_at: now,
    });
    if (isOn) await settleHeld(ctx, tx, present, true);
    await recordAudit(ctx, tx, { action: "endpoint.verify", target: toWireId("endpoint", id) });
    await ctx.signals.emit(tx, "endpoints", [id]);
    return { verified: true, endpoint: presentEndpoint(row) };
  });
}
