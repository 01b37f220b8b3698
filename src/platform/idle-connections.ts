import type { OutboundConnection } from "./outbound-connection.ts";

/** The idle keep-alive connections of all origins, at most `limit`; the longest idle one gives way. */
export class IdleConnections {
  readonly #limit: number;
  /** In the order in which they became idle. */
  readonly #all = new Set<OutboundConnection>();
  readonly #byOrigin = new Map<string, OutboundConnection[]>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The connection to this origin that was used last, the one least likely to be closed by the other side. */
  take(origin: string): OutboundConnection | undefined {
    const connection = this.#byOrigin.get(origin)?.at(-1);
    if (connection !== undefined) this.remove(connection);
    return connection;
  }

  /** Keeps a connection, and closes the longest idle one when there are too many. */
  add(connection: OutboundConnection): void {
    this.#all.add(connection);
    const ofOrigin = this.#byOrigin.get(connection.origin);
    if (ofOrigin === undefined) this.#byOrigin.set(connection.origin, [connection]);
    else ofOrigin.push(connection);
    if (this.#all.size > this.#limit) this.#all.values().next().value?.destroy();
  }

  /** Forgets a connection; it need not be known. */
  remove(connection: OutboundConnection): void {
    if (!this.#all.delete(connection)) return;
    const ofOrigin = this.#byOrigin.get(connection.origin) ?? [];
    ofOrigin.splice(ofOrigin.lastIndexOf(connection), 1);
    if (ofOrigin.length === 0) this.#byOrigin.delete(connection.origin);
  }

  /** Closes them all. */
  destroyAll(): void {
    for (const connection of this.#all) connection.destroy();
  }
}
