import type { OutboundConnection } from "./outbound-connection.ts";

/** The idle keep-alive connections of all origins, at most `limit`; the longest idle one gives way. */
export class IdleConnections {
  readonly #limit: number;
  /** In the order in which they became idle. */
  readonly #all = new Set<OutboundConnection>();
  readonly #byPlace = new Map<string, OutboundConnection[]>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The connection to this place (an origin, and what it is shown) that was used last, the one least likely to be closed by the other side. */
  take(place: string): OutboundConnection | undefined {
    const connection = this.#byPlace.get(place)?.at(-1);
    if (connection !== undefined) this.remove(connection);
    return connection;
  }

  /** Keeps a connection, and closes the longest idle one when there are too many. */
  add(connection: OutboundConnection): void {
    this.#all.add(connection);
    const ofPlace = this.#byPlace.get(connection.place);
    if (ofPlace === undefined) this.#byPlace.set(connection.place, [connection]);
    else ofPlace.push(connection);
    if (this.#all.size > this.#limit) this.#all.values().next().value?.destroy();
  }

  /** Forgets a connection; it need not be known. */
  remove(connection: OutboundConnection): void {
    if (!this.#all.delete(connection)) return;
    const ofPlace = this.#byPlace.get(connection.place) ?? [];
    ofPlace.splice(ofPlace.lastIndexOf(connection), 1);
    if (ofPlace.length === 0) this.#byPlace.delete(connection.place);
  }

  /** Closes them all. */
  destroyAll(): void {
    for (const connection of this.#all) connection.destroy();
  }
}
