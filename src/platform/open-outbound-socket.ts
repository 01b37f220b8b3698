import { connect as connectTcp, isIP } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { LookupAddress } from "node:dns";
import { isDeniedAddress, isNamedAddress } from "../lib/denied-addresses.ts";
import type { AllowList } from "../lib/denied-addresses.ts";
import { type OutboundTarget, plainHttp, portOf } from "./check-outbound-url.ts";
import { openTunnel } from "./open-tunnel.ts";
import { BlockedAddressError } from "./outbound-failure.ts";
import type { OutboundPhase } from "./outbound-failure.ts";
import { resolveOutboundAddresses } from "./resolve-outbound-addresses.ts";
import type { ResolveHostname } from "./resolve-outbound-addresses.ts";

/** What guards every new connection. */
export interface OutboundGuard {
  readonly allow: AllowList;
  /** Whether http is enough for addresses that `allow` does not name. */
  readonly allowHttp: boolean;
  readonly resolve: ResolveHostname;
  /** Through which all connections go; undefined: straight. */
  readonly proxy: URL | undefined;
}

/** A certificate that a connection shows, and its private key, as PEM. */
export interface ClientIdentity {
  /** Tells connections that show one from those that show another: they are never shared. */
  readonly id: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/**
 * Opens a TCP or TLS connection to a target whose addresses were all checked, and to nothing else: node:net is given
 * the checked addresses instead of a resolver, so no second lookup can answer differently. Host and SNI stay the name.
 * `onPhase` is told how far it has come; `signal` ends it in any phase.
 * @throws BlockedAddressError, or the error of the resolver, of node:net or of node:tls.
 */
export async function openOutboundSocket(
  target: OutboundTarget,
  guard: OutboundGuard,
  identity: ClientIdentity | undefined,
  signal: AbortSignal,
  onPhase: (phase: OutboundPhase) => void,
): Promise<Socket> {
  let addresses: readonly LookupAddress[];
  if (target.addresses === undefined) {
    onPhase("dns");
    addresses = await resolveOutboundAddresses(target.hostname, guard.allow, guard.resolve);
  } else {
    addresses = target.addresses.map((address) => ({ address, family: isIP(address) }));
  }
  const isPlain = target.url.protocol === "http:" && !guard.allowHttp;
  if (isPlain && addresses.some(({ address }) => !isNamedAddress(address, guard.allow)))
    throw new BlockedAddressError(plainHttp);
  signal.throwIfAborted();
  onPhase("connect");
  const tunnel =
    guard.proxy === undefined ? undefined : await openTunnel(guard.proxy, addresses, portOf(target.url), signal);
  return await connect(target, addresses, { allow: guard.allow, identity, tunnel, signal, onPhase });
}

interface Connecting {
  readonly allow: AllowList;
  readonly identity: ClientIdentity | undefined;
  /** A connection to the checked address that a proxy made. */
  readonly tunnel: Socket | undefined;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: OutboundPhase) => void;
}

function connect(
  { url, hostname }: OutboundTarget,
  addresses: readonly LookupAddress[],
  { allow, identity, tunnel, signal, onPhase }: Connecting,
): Promise<Socket> {
  const secure = url.protocol === "https:";
  if (tunnel !== undefined && !secure) return Promise.resolve(tunnel);
  const options =
    tunnel === undefined
      ? {
          host: hostname,
          port: portOf(url),
          lookup: pinnedLookup(addresses),
          // Tries the next checked address when the first does not answer, as for a host whose IPv6 has no route (RFC 8305).
          autoSelectFamily: true,
        }
      : { socket: tunnel, host: hostname };
  if (tunnel !== undefined) onPhase("tls");
  const socket = secure
    ? connectTls({
        ...options,
        servername: isIP(hostname) === 0 ? hostname : "",
        ALPNProtocols: ["http/1.1"],
        // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in someone's environment does not reach deliveries.
        rejectUnauthorized: true,
        ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.privateKey }),
      })
    : connectTcp({ ...options, port: portOf(url) });
  socket.setNoDelay(true);

  return new Promise((resolve, reject) => {
    const stop = (): void => void socket.destroy(new Error("the call ended while connecting"));
    signal.addEventListener("abort", stop, { once: true });
    socket.once("connect", () => {
      // Belt and braces: the last look before a byte of the request is written.
      if (socket.remoteAddress === undefined || isDeniedAddress(socket.remoteAddress, allow)) {
        socket.destroy(new BlockedAddressError());
      } else if (secure) onPhase("tls");
    });
    socket.once(secure ? "secureConnect" : "connect", () => {
      signal.removeEventListener("abort", stop);
      if (!socket.destroyed) resolve(socket);
    });
    // Stays attached: between our resolve and undici's own listeners an error must not become an uncaught exception.
    socket.on("error", reject);
    socket.once("close", () => {
      signal.removeEventListener("abort", stop);
      reject(new Error("the connection was closed before it stood"));
    });
  });
}

/** A `lookup` for node:net that knows only these addresses. It is not called for IP literals, which were checked already. */
function pinnedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true || first === undefined) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}
