import type { Socket } from "node:net";
import { Client } from "undici";
import type { Dispatcher } from "undici";
import type { OutboundTarget } from "./check-outbound-url.ts";
import { openOutboundSocket } from "./open-outbound-socket.ts";
import type { ClientIdentity, OutboundGuard } from "./open-outbound-socket.ts";
import { OutboundExchange } from "./outbound-exchange.ts";
import type { ExchangeCarrier, ExchangeLimits, OutboundResult } from "./outbound-exchange.ts";
import type { OutboundFailure } from "./outbound-failure.ts";

/** Which connections may be used for a call to this target that shows this certificate. */
export function placeOf({ url }: OutboundTarget, identity: ClientIdentity | undefined): string {
  return identity === undefined ? url.origin : `${url.origin} ${identity.id}`;
}

/** Who keeps a connection between exchanges. */
export interface ConnectionKeeper {
  /** It has carried an exchange to its end and can carry another. */
  connectionIdle(connection: OutboundConnection): void;
  /** It is gone: closed by either side, or unfit after a failure. */
  connectionLost(connection: OutboundConnection): void;
}

/**
 * One keep-alive HTTP/1.1 connection to one origin, carrying one exchange at a time. It is an undici Client and not a
 * Pool: a Pool's queue would hide which request a new socket is opened for, and with it the deadline over DNS, connect
 * and TLS. When the receiver closed the idle socket, undici opens a new one before it writes, and that is checked anew.
 */
export class OutboundConnection implements ExchangeCarrier {
  /** What it can be used again for: its origin, and the certificate that it shows. */
  readonly place: string;
  readonly openedAtMs: number;
  readonly #client: Client;
  readonly #keeper: ConnectionKeeper;
  #exchange: OutboundExchange | undefined;
  #opening: AbortController | undefined;
  #remoteAddress = "";

  constructor(
    target: OutboundTarget,
    guard: OutboundGuard,
    identity: ClientIdentity | undefined,
    keeper: ConnectionKeeper,
  ) {
    this.place = placeOf(target, identity);
    this.openedAtMs = performance.now();
    this.#keeper = keeper;
    this.#client = new Client(target.url.origin, {
      allowH2: false,
      pipelining: 1,
      // The exchange has one deadline over everything; undici's timers per phase would only add to it.
      headersTimeout: 0,
      bodyTimeout: 0,
      // Below the 5 s after which Node, uvicorn and Apache close an idle connection: a POST must not cross with a FIN.
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 60_000,
      maxHeaderSize: 16 * 1024,
      connect: (_options, callback) => {
        this.#openSocket(target, guard, identity).then(
          // undici takes a socket that is already gone for a lost race and connects again, without end and without
          // telling the request; an error fails the request, which is what one attempt means here.
          (socket) => (socket.destroyed ? callback(new Error("closed at once"), null) : callback(null, socket)),
          (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
        );
      },
    });
    this.#client.on("disconnect", () => {
      if (this.#exchange === undefined) this.destroy();
    });
  }

  /** The address of the peer, as the kernel reports it. */
  get remoteAddress(): string {
    return this.#remoteAddress;
  }

  /** Sends one request; resolves when it has ended, whatever happens. Only while no other one is under way. */
  exchange(request: Dispatcher.DispatchOptions, limits: ExchangeLimits): Promise<OutboundResult> {
    const exchange = new OutboundExchange(limits, this);
    this.#exchange = exchange;
    this.#client.dispatch(request, exchange);
    return exchange.result;
  }

  /** Ends the exchange under way, if any, and with it the connection. */
  fail(failure: OutboundFailure): void {
    this.#exchange?.fail(failure);
  }

  /** Called by the exchange. */
  exchangeEnded(reusable: boolean): void {
    this.#exchange = undefined;
    if (reusable) this.#keeper.connectionIdle(this);
    else this.destroy();
  }

  /** Closes the socket, or stops opening it. */
  destroy(): void {
    this.#opening?.abort();
    this.#keeper.connectionLost(this);
    if (!this.#client.destroyed) void this.#client.destroy();
  }

  async #openSocket(
    target: OutboundTarget,
    guard: OutboundGuard,
    identity: ClientIdentity | undefined,
  ): Promise<Socket> {
    const opening = new AbortController();
    this.#opening = opening;
    try {
      const socket = await openOutboundSocket(target, guard, identity, opening.signal, (phase) =>
        this.#exchange?.enterPhase(phase),
      );
      this.#remoteAddress = socket.remoteAddress ?? "";
      return socket;
    } finally {
      this.#opening = undefined;
    }
  }
}
