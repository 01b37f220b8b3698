import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Stands between a client and a server, and can be cut. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Closes all connections and takes no new ones. */
  cut(): Promise<void>;
  /** Passes nothing more on over the connections that there are, and closes none. New ones work. */
  stall(): void;
  /** Takes connections again, on the same port. */
  mend(): Promise<void>;
}

/** Starts a proxy to a port of 127.0.0.1; `cut` starts it in that state, with its port free but known. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
  };
  const listen = async (port: number): Promise<void> => {
    server = createServer((client) => {
      const target = keep(connect(targetPort, "127.0.0.1"));
      keep(client).pipe(target).pipe(client);
      client.once("close", () => target.destroy());
      target.once("close", () => client.destroy());
    });
    await once(server.listen(port, "127.0.0.1"), "listening");
  };
  const cut = async (): Promise<void> => {
    if (server === undefined) return;
    const closed = once(server.close(), "close");
    for (const socket of sockets) socket.destroy();
    await closed;
    server = undefined;
  };

  const stall = (): void => {
    for (const socket of sockets) socket.unpipe().pause();
  };

  await listen(0);
  const { port } = (server as unknown as Server).address() as AddressInfo;
  return { port, cut, stall, mend: () => listen(port), [Symbol.asyncDispose]: cut };
}
