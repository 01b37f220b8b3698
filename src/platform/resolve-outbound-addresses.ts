import { lookup } from "node:dns/promises";
import type { LookupAddress } from "node:dns";
import { isDeniedAddress } from "../lib/denied-addresses.ts";
import type { AllowList } from "../lib/denied-addresses.ts";
import { BlockedAddressError } from "./outbound-failure.ts";

/** Resolves a host name to all of its addresses; rejects as dns.lookup does. */
export type ResolveHostname = (hostname: string) => Promise<readonly LookupAddress[]>;

/**
 * The system's resolver (hosts file included). Questions for one name that is already being asked share its answer:
 * getaddrinfo holds one of libuv's four threads until it ends, and one dead name server must not take them all.
 */
export function systemResolver(): ResolveHostname {
  const pending = new Map<string, Promise<readonly LookupAddress[]>>();
  return (hostname) => {
    const shared = pending.get(hostname);
    if (shared !== undefined) return shared;
    const asked = lookup(hostname, { all: true, order: "verbatim" }).finally(() => pending.delete(hostname));
    pending.set(hostname, asked);
    return asked;
  };
}

/**
 * All addresses of a host name, every one checked: one denied address refuses the name, because whoever answers with
 * a public and a private address is hoping that the private one gets picked.
 * @throws BlockedAddressError, or what `resolve` rejects with.
 */
export async function resolveOutboundAddresses(
  hostname: string,
  allow: AllowList,
  resolve: ResolveHostname,
): Promise<readonly LookupAddress[]> {
  const addresses = await resolve(hostname);
  if (addresses.some(({ address }) => isDeniedAddress(address, allow))) throw new BlockedAddressError();
  if (addresses.length === 0) throw Object.assign(new Error("no address"), { code: "ENODATA" });
  return addresses;
}
