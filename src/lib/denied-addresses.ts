import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type AddressRange = readonly [Address, number];

/** Address ranges that outbound calls may reach although they are private; made by `parseAllowList`. */
export type AllowList = readonly AddressRange[];

/** What `parseAllowList` made of its text; `errors` names each entry that is not an address or a CIDR. */
interface ParsedAllowList {
  readonly allow: AllowList;
  readonly errors: readonly string[];
}

/** Private, shared, reserved and test ranges (IANA's special-purpose registry), and Azure's metadata service 168.63.129.16. */
const DENIED_IPV4 = ranges(
  ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ["192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"],
  ["224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"],
);

/** The only IPv6 space that is globally routed; everything outside (mapped, NAT64, unique local, link local …) is denied. */
const GLOBAL_UNICAST = ipaddr.parseCIDR("2000::/3");

/** Parts of 2000::/3 that are not the open internet: Teredo and other protocols, documentation, 6to4. */
const DENIED_IPV6 = ranges(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"]);

/** Where an IPv6 address carries an IPv4 one, and at which byte: mapped, compatible, NAT64 (RFC 6052) and 6to4. */
const IPV4_CARRIERS: readonly (readonly [AddressRange, number])[] = [
  [ipaddr.parseCIDR("::ffff:0:0/96"), 12],
  [ipaddr.parseCIDR("::/96"), 12],
  [ipaddr.parseCIDR("64:ff9b::/96"), 12],
  [ipaddr.parseCIDR("2002::/16"), 2],
];

/**
 * Reads a comma-separated list of CIDRs or single addresses, e.g. `127.0.0.0/8, fd00::/8`. Empty text is an empty list.
 * Only canonical spellings are taken: `127.1` and `0x7f.0.0.1` are errors here, because nobody means them.
 */
export function parseAllowList(text: string): ParsedAllowList {
  const allow: AddressRange[] = [];
  const errors: string[] = [];
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const range = parseRange(entry);
    if (range === undefined) errors.push(`"${entry}" is not a CIDR such as 10.0.0.0/8 or fd00::/8`);
    else allow.push(range);
  }
  return { allow, errors };
}

/**
 * Whether an outbound call must not reach this IP address: loopback, private, link-local, metadata and the other
 * special ranges, unless `allow` names it. Anything that is not a canonical IP address is denied.
 */
export function isDeniedAddress(text: string, allow: AllowList): boolean {
  // A zone (fe80::1%eth0) only exists on link-local addresses, and ipaddr.js would match it without its zone.
  if (isIP(text) === 0 || text.includes("%")) return true;
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return isDeniedIPv4(address, allow);

  const carried = carriedIPv4(address);
  if (carried !== undefined) {
    // Allowing NAT64 as a whole must not open 64:ff9b::169.254.169.254: the IPv4 address inside has to pass by itself.
    if (isDeniedIPv4(carried, allow)) return true;
    return !isInAny(address, allow) && !(address.isIPv4MappedAddress() && isInAny(carried, allow));
  }
  if (isInAny(address, allow)) return false;
  return !isIn(address, GLOBAL_UNICAST) || isInAny(address, DENIED_IPV6);
}

/** Whether the list names this IP address, be it private or not. */
export function isNamedAddress(text: string, allow: AllowList): boolean {
  if (isIP(text) === 0 || text.includes("%")) return false;
  const address = ipaddr.parse(text);
  if (isInAny(address, allow)) return true;
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && isInAny(address.toIPv4Address(), allow);
}

function isDeniedIPv4(address: ipaddr.IPv4, allow: AllowList): boolean {
  return isInAny(address, DENIED_IPV4) && !isInAny(address, allow);
}

function carriedIPv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const carrier = IPV4_CARRIERS.find(([range]) => isIn(address, range));
  // ::1 and :: are addresses of their own, not IPv4-compatible ones (RFC 4291 §2.5.5.1).
  if (carrier === undefined || /^::1?$/.test(address.toString())) return undefined;
  return new ipaddr.IPv4(address.toByteArray().slice(carrier[1], carrier[1] + 4));
}

function isInAny(address: Address, list: AllowList): boolean {
  return list.some((range) => isIn(address, range));
}

function isIn(address: Address, range: AddressRange): boolean {
  return address.kind() === range[0].kind() && address.match(range[0], range[1]);
}

function parseRange(entry: string): AddressRange | undefined {
  const [text = "", prefix, ...rest] = entry.split("/");
  const family = isIP(text);
  if (family === 0 || text.includes("%") || rest.length > 0) return undefined;
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined) return [ipaddr.parse(text), bits];
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return undefined;
  return [ipaddr.parse(text), Number(prefix)];
}

function ranges(...lists: readonly (readonly string[])[]): AllowList {
  return lists.flat().map((cidr) => ipaddr.parseCIDR(cidr));
}
