import type { LookupAddress } from "node:dns";
import { connect, type Socket } from "node:net";

const maxHeadBytes = 8 * 1024;

/** Thrown when a proxy does not make the connection that it is asked for. */
class TunnelError extends Error {
  readonly code = "HOOKYARD_PROXY";
}

/**
 * A connection through an HTTP proxy (CONNECT, RFC 9110 §9.3.6) to the first of the checked addresses: the proxy is told the
 * address and not the name, so that it resolves nothing that was not checked. Rejects when it cannot be made; `signal` ends it.
 */
export async function openTunnel(
  proxy: URL,
  addresses: readonly LookupAddress[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const [first] = addresses;
  if (first === undefined) throw new TunnelError("there is no address to connect to");
  const authority = first.family === 6 ? `[${first.address}]:${port}` : `${first.address}:${port}`;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization =
    proxy.username === "" ? "" : `Proxy-Authorization: Basic ${Buffer.from(credentials).toString("base64")}\r\n`;
  const hostname = proxy.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = connect({ host: hostname, port: proxy.port === "" ? 80 : Number(proxy.port) });
  socket.setNoDelay(true);
  const stop = (): void => void socket.destroy(new TunnelError("the call ended while connecting"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      let head = Buffer.alloc(0);
      const read = (chunk: Buffer): void => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end === -1 && head.length <= maxHeadBytes) return;
        socket.off("data", read);
        socket.pause();
        const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString("latin1"))?.[1] ?? "";
        if (end === -1 || !status.startsWith("2")) {
          reject(new TunnelError(`the proxy answered ${status === "" ? "no HTTP" : status}`));
          return;
        }
        // Nothing is said by the other side before it is spoken to; what came along all the same is its answer's beginning.
        if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
        resolve();
      };
      socket.once("error", reject);
      socket.once("close", () => reject(new TunnelError("the proxy closed the connection")));
      socket.on("data", read);
      socket.once("connect", () => {
        socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
      });
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
