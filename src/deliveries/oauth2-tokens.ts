import { z } from "zod";
import type { EndpointRecord } from "../endpoints/endpoint-cache.ts";
import type { Services } from "../platform/services.ts";

/** A token for an endpoint, or why there is none. */
type TokenResult =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly detail: string; readonly durationMs: number };

interface KeptToken {
  /** Whose credentials it was got with. */
  readonly credentials: object;
  readonly answer: Promise<TokenResult>;
  usableUntilMs: number;
}

// RFC 6749 §5.1. A server that says nothing of its end is asked again soon.
const tokenAnswer = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]{1,8192}$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.coerce.number().positive().max(31_536_000).optional(),
});
const defaultLifetimeSeconds = 300;
// So much sooner is a new one got: clocks differ, and a call takes a while.
const marginMs = 30_000;
const refusedForMs = 5_000;
const maxResponseBytes = 65_536;
const maxKept = 10_000;

// RFC 6749 §2.3.1: both are form-encoded before they are joined.
function basic(id: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams({ text }).toString().slice("text=".length);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}`;
}

/**
 * Access tokens of endpoints that ask for OAuth 2 client credentials (RFC 6749 §4.4), each kept until shortly before its end.
 * Calls at once share one request; a refusal is kept for five seconds, so that a token server that is down is not flooded.
 */
export class Oauth2Tokens {
  readonly #services: Services;
  readonly #kept = new Map<string, KeptToken>();

  constructor(services: Services) {
    this.#services = services;
  }

  /** The token to send an endpoint; undefined when it asks for none. Never rejects. */
  async get({ id, oauth2, timeoutMs }: EndpointRecord): Promise<TokenResult | undefined> {
    if (oauth2 === undefined) return undefined;
    if (oauth2 === "unreadable")
      return { ok: false, detail: "the endpoint's credentials cannot be opened", durationMs: 0 };
    const known = this.#kept.get(id);
    if (known !== undefined && known.credentials === oauth2 && this.#services.clock.now() < known.usableUntilMs)
      return await known.answer;
    const kept: KeptToken = {
      credentials: oauth2,
      usableUntilMs: Number.POSITIVE_INFINITY,
      answer: this.#ask(oauth2, timeoutMs, (untilMs) => void (kept.usableUntilMs = untilMs)),
    };
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
    return await kept.answer;
  }

  /** The endpoint has refused it: the next call gets another. */
  forget(endpointId: string): void {
    this.#kept.delete(endpointId);
  }

  async #ask(
    oauth2: Exclude<EndpointRecord["oauth2"], undefined | "unreadable">,
    timeoutMs: number,
    keepUntil: (untilMs: number) => void,
  ): Promise<TokenResult> {
    const { tokenUrl, clientId, clientSecret, scope, audience, authentication = "header" } = oauth2;
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      ...(scope === undefined ? {} : { scope }),
      ...(audience === undefined ? {} : { audience }),
      ...(authentication === "body" ? { client_id: clientId, client_secret: clientSecret } : {}),
    });
    const result = await this.#services.outbound.request({
      url: tokenUrl,
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
        ...(authentication === "header" ? { authorization: basic(clientId, clientSecret) } : {}),
      },
      body: Buffer.from(form.toString()),
      timeoutMs,
      maxResponseBytes,
    });
    const now = this.#services.clock.now();
    const refuse = (detail: string): TokenResult => {
      keepUntil(now + refusedForMs);
      return { ok: false, detail, durationMs: result.durationMs };
    };
    if (result.kind === "failure") return refuse(`no token: ${result.detail}`);
    if (result.status !== 200) return refuse(`no token: the token URL answered ${result.status}`);
    const answer = readAnswer(result.body);
    if (answer === undefined) return refuse("no token: the token URL's answer holds no bearer token");
    const lifetimeMs = (answer.expires_in ?? defaultLifetimeSeconds) * 1000;
    keepUntil(now + Math.max(lifetimeMs - marginMs, lifetimeMs / 2));
    return { ok: true, token: answer.access_token };
  }
}

function readAnswer(body: Buffer): z.infer<typeof tokenAnswer> | undefined {
  try {
    return tokenAnswer.safeParse(JSON.parse(body.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
