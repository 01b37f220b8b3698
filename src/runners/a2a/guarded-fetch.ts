import type { OutboundResult } from "../../platform/outbound-exchange.ts";
import type { OutboundHttp } from "../../platform/outbound-http.ts";

// Twice what a result may be: a task comes with its history.
const maxResponseBytes = 2_097_152;

/** How a peer is reached. */
export interface PeerAccess {
  readonly outbound: OutboundHttp;
  /** Where the agent's own headers may go: nothing else that a card names gets its token. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for one call. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Hears how each call went. */
  readonly note: (result: OutboundResult) => void;
}

const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

function responseOf(result: OutboundResult): Response {
  if (result.kind === "failure") throw new Error(result.detail);
  if (result.truncated) throw new Error("the peer's answer is too large");
  const { status, headers, body } = result;
  const content = bodiless.has(status) ? null : new Uint8Array(body);
  return new Response(content, { status, headers: new Headers(Object.entries(headers)) });
}

function methodOf(method: string | undefined): "GET" | "POST" | "DELETE" {
  if (method === "POST" || method === "DELETE") return method;
  return "GET";
}

/** A fetch for the SDK's client that goes through the guarded client: no private address, no redirect, no flood. */
export function guardedFetch(access: PeerAccess): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const own = Object.fromEntries(new Headers(init?.headers));
    const isHome = URL.canParse(url) && new URL(url).origin === access.origin;
    const result = await access.outbound.request({
      url,
      method: methodOf(init?.method),
      headers: { ...own, ...(isHome ? access.headers : {}) },
      ...(typeof init?.body === "string" ? { body: Buffer.from(init.body) } : {}),
      timeoutMs: access.timeoutMs,
      maxResponseBytes,
      signal: access.signal,
    });
    access.note(result);
    return responseOf(result);
  };
}
