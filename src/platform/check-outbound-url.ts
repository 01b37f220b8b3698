import { isIP } from "node:net";
import { isDeniedAddress, isNamedAddress } from "../lib/denied-addresses.ts";
import type { AllowList } from "../lib/denied-addresses.ts";

/** Where calls may go besides what their addresses say. */
export interface OutboundPolicy {
  /** Whether http is enough for addresses that HOOKYARD_DELIVERY_ALLOW does not name. */
  readonly allowHttp: boolean;
  /** The ports that may be called; empty: all. */
  readonly ports: readonly number[];
}

const openPolicy: OutboundPolicy = { allowHttp: true, ports: [] };

/** Where an outbound call goes, as far as the URL alone tells. */
export interface OutboundTarget {
  readonly url: URL;
  /** Without the brackets of an IPv6 literal and without a trailing dot. */
  readonly hostname: string;
  /** The addresses that the host stands for without asking DNS: an IP literal, or loopback for `localhost`. */
  readonly addresses?: readonly string[];
}

/** The verdict on a URL: where it goes, or why no call may go there, in words for the person who typed it. */
export type CheckedOutboundUrl =
  | { readonly ok: true; readonly target: OutboundTarget }
  | { readonly ok: false; readonly reason: string };

const DENIED = "the address is loopback, private or reserved; HOOKYARD_DELIVERY_ALLOW can allow it";

/** What it takes for plain http to be called, unless all of it may. */
export const plainHttp = "only https URLs can be called, but for addresses that HOOKYARD_DELIVERY_ALLOW names";

/**
 * Whether a URL may be called, as far as that is known without DNS: https, or http where that is allowed, no user name or
 * password, a port that exists and is allowed, and no denied address in any spelling. A host name may still turn out to be
 * denied when it is resolved.
 */
export function checkOutboundUrl(
  text: string,
  allow: AllowList,
  { allowHttp, ports }: OutboundPolicy = openPolicy,
): CheckedOutboundUrl {
  const url = URL.parse(text);
  if (url === null) return { ok: false, reason: "it is not an absolute URL" };
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return { ok: false, reason: "only http and https URLs can be called" };
  }
  if (url.username !== "" || url.password !== "") {
    return { ok: false, reason: "it must not contain a user name or password" };
  }
  if (url.port === "0") return { ok: false, reason: "port 0 cannot be called" };
  if (ports.length > 0 && !ports.includes(portOf(url)))
    return { ok: false, reason: `only these ports can be called: ${ports.join(", ")}` };
  const isPlain = url.protocol === "http:" && !allowHttp;

  // The WHATWG parser has already turned 2130706433, 0x7f.1, 0177.0.0.1, 127.1 and [::ffff:7f00:1] into canonical addresses.
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
  if (isIP(hostname) !== 0) {
    if (isDeniedAddress(hostname, allow)) return { ok: false, reason: DENIED };
    if (isPlain && !isNamedAddress(hostname, allow)) return { ok: false, reason: plainHttp };
    return { ok: true, target: { url, hostname, addresses: [hostname] } };
  }
  if (hostname === "localhost" || hostname.endsWith(".localhost")) {
    // RFC 6761 §6.3: always loopback, never a question for DNS. Resolving it would also give ::1, which would block
    // the whole name wherever only 127.0.0.0/8 is allowed.
    const addresses = ["127.0.0.1", "::1"].filter((address) => !isDeniedAddress(address, allow));
    if (addresses.length === 0) return { ok: false, reason: DENIED };
    return { ok: true, target: { url, hostname, addresses } };
  }
  // What a name stands for is known when it is called.
  if (isPlain && allow.length === 0) return { ok: false, reason: plainHttp };
  return { ok: true, target: { url, hostname } };
}

/** The port that a URL is called on. */
export function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
