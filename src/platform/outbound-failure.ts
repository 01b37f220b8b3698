/**
 * Why a call got no complete response, as one word an operator can filter by:
 * - `blocked`: the guard refused the URL or an address; nothing was sent
 * - `dns`: the host name could not be resolved
 * - `refused`: nothing listens on the port
 * - `connect`: no route, or another failure before the TCP connection stood
 * - `tls`: the handshake failed: certificate, name or protocol version
 * - `reset`: the connection was closed before the response was complete
 * - `protocol`: the answer is not valid HTTP/1.1, or its headers are over 16 KiB
 * - `too_large`: the response body went on far beyond what is kept
 * - `timeout`: the deadline over the whole exchange passed
 * - `aborted`: this process stopped the call, because it is shutting down
 * - `invalid_request`: the request could not be formed, e.g. an illegal custom header; nothing was sent
 */
export type OutboundFailureReason =
  | "blocked"
  | "dns"
  | "refused"
  | "connect"
  | "tls"
  | "reset"
  | "protocol"
  | "too_large"
  | "timeout"
  | "aborted"
  | "invalid_request";

/** How far an exchange has come; a failure is read differently in each. */
export type OutboundPhase = "dns" | "connect" | "tls" | "response" | "body";

/** A failure's word and a short sentence that is safe to show: no address, no header, nothing the receiver wrote. */
export interface OutboundFailure {
  readonly reason: OutboundFailureReason;
  readonly detail: string;
}

/** Thrown by the guard; the address is left out, because a tenant could map the inner network by asking for names. */
export class BlockedAddressError extends Error {
  readonly code = "HOOKYARD_BLOCKED";
  constructor(message = "the host name resolves to a loopback, private or reserved address") {
    super(message);
  }
}

const WAITING_FOR: Record<OutboundPhase, string> = {
  dns: "while resolving the host name",
  connect: "while connecting",
  tls: "during the TLS handshake",
  response: "while waiting for the response",
  body: "while reading the response body",
};

/** The failure of a call whose deadline passed. */
export function timeoutFailure(phase: OutboundPhase, timeoutMs: number): OutboundFailure {
  return { reason: "timeout", detail: `timed out after ${timeoutMs} ms ${WAITING_FOR[phase]}` };
}

/** Sorts what node:net, node:tls, the resolver or undici threw into a reason. */
export function failureFromError(error: unknown, phase: OutboundPhase): OutboundFailure {
  if (error instanceof BlockedAddressError) return { reason: "blocked", detail: error.message };
  const code = errorCode(error);
  const withCode = (sentence: string): string => (code === "" ? sentence : `${sentence} (${code})`);

  if (/^UND_ERR_(INVALID_ARG|NOT_SUPPORTED|REQ_CONTENT_LENGTH_MISMATCH)$/.test(code)) {
    return { reason: "invalid_request", detail: withCode("the request could not be formed, check its custom headers") };
  }
  if (phase === "dns") return { reason: "dns", detail: withCode("the host name could not be resolved") };
  if (phase === "connect") {
    if (code === "ECONNREFUSED") return { reason: "refused", detail: withCode("nothing listens on that port") };
    return { reason: "connect", detail: withCode("no connection could be made") };
  }
  if (phase === "tls" || /^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code)) {
    return { reason: "tls", detail: withCode("the TLS handshake failed") };
  }
  const violation = protocolViolation(error, code, phase);
  if (violation !== undefined) {
    return { reason: "protocol", detail: `the answer is not valid HTTP/1.1 (${violation})` };
  }
  return { reason: "reset", detail: withCode("the connection was closed before the response was complete") };
}

/** undici's or llhttp's own fixed words for what is wrong with an answer; undefined when it only ended too early. */
function protocolViolation(error: unknown, code: string, phase: OutboundPhase): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "HTTPParserError") {
    // undici 8.12 leaves the code of these errors empty, so the reason has to be read from the message.
    const reason = /\(([^()]*)\)$/.exec(error.message)?.[1] ?? "parse error";
    return reason === "Invalid EOF state" ? undefined : reason;
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW") return "headers over 16 KiB";
  // Before the headers are through this hides a parse error that followed a Content-Length, e.g. a second one.
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") return phase === "response" ? "contradictory length" : undefined;
  // An unasked 100 or 101 is a SocketError that only its message tells from a closed connection.
  return code === "UND_ERR_SOCKET" && /^bad (response|upgrade)$/.test(error.message) ? error.message : undefined;
}

function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code.slice(0, 64) : "";
}
