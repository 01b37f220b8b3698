import { BlockList, isIP } from "node:net";

/** An address or a range of them, e.g. `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. */
interface AddressRange {
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  readonly bits: number;
}

/** Tells whether an address, as Node writes it, is in a list. */
export type AddressTest = (address: string) => boolean;

/** Whether the text is an address or a CIDR, in the canonical spelling: nobody means `010.1`. */
export function isAddressRange(text: string): boolean {
  return parseRange(text) !== undefined;
}

/** A test for a list of addresses and CIDRs. An IPv4 address is found in its IPv6 form too, as a socket for both families gives it. */
export function compileAddressList(ranges: readonly string[]): AddressTest {
  const list = new BlockList();
  for (const text of ranges) {
    const range = parseRange(text);
    if (range === undefined) throw new TypeError(`${JSON.stringify(text)} is no address range`);
    list.addSubnet(range.address, range.bits, range.family);
  }
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
  };
}

function parseRange(text: string): AddressRange | undefined {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  // A zone (fe80::1%eth0) exists on one machine only.
  if (family === 0 || address.includes("%") || rest.length > 0) return undefined;
  const maxBits = family === 4 ? 32 : 128;
  if (bits !== undefined && (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > maxBits)) return undefined;
  return { address, family: family === 4 ? "ipv4" : "ipv6", bits: bits === undefined ? maxBits : Number(bits) };
}
