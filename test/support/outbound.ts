import type { LookupAddress } from "node:dns";
import { parseAllowList } from "../../src/lib/denied-addresses.ts";
import { createOutboundHttp } from "../../src/platform/outbound-http.ts";
import type { OutboundHttp, OutboundHttpOptions, OutboundRequest } from "../../src/platform/outbound-http.ts";

/** A client that may reach 127.0.0.0/8 and nothing else that is private. */
export function loopbackOutbound(options: Partial<OutboundHttpOptions> = {}): OutboundHttp {
  return createOutboundHttp({ allow: parseAllowList("127.0.0.0/8").allow, userAgent: "Hookyard/test", ...options });
}

/** A POST of a small JSON body with a deadline of two seconds. */
export function post(url: string, changes: Partial<OutboundRequest> = {}): OutboundRequest {
  return {
    url,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: Buffer.from('{"type":"test"}'),
    timeoutMs: 2_000,
    maxResponseBytes: 16 * 1024,
    ...changes,
  };
}

/** Answers each name from a list of answers, one per question; the last one stays. */
export function answering(answers: Readonly<Record<string, readonly (readonly string[])[]>>) {
  const asked: string[] = [];
  const resolve = async (hostname: string): Promise<readonly LookupAddress[]> => {
    asked.push(hostname);
    const list = answers[hostname] ?? [];
    const answer = list[Math.min(asked.filter((name) => name === hostname).length, list.length) - 1];
    if (answer === undefined)
      throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: "ENOTFOUND" });
    return answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  };
  return { asked, resolve };
}
