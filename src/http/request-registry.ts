import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * The connections and requests of a server, so that it can stop without cutting off anyone who waits for an answer and
 * without waiting for those who do not.
 */
export class RequestRegistry {
  readonly #sockets = new Map<Socket, Set<ServerResponse>>();
  readonly #aborts = new Map<ServerResponse, AbortController>();
  #stopping = false;

  /** Whether no more work is taken. */
  get isStopping(): boolean {
    return this.#stopping;
  }

  readonly onConnection = (socket: Socket): void => {
    this.#sockets.set(socket, new Set());
    socket.once("close", () => this.#sockets.delete(socket));
  };

  readonly onRequest = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    const responses = this.#sockets.get(socket);
    responses?.add(response);
    if (this.#stopping) response.setHeader("Connection", "close");
    response.once("close", () => {
      responses?.delete(response);
      this.#aborts.get(response)?.abort();
      this.#aborts.delete(response);
      // One whose headers went out before the stop has promised to stay open.
      if (this.#stopping && responses?.size === 0) socket.destroySoon();
    });
  };

  /** The signal of a request: aborts when its response closes, as it does when the client goes away, or the hub stops. */
  signalOf(response: ServerResponse): AbortSignal {
    const known = this.#aborts.get(response);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    if (this.#stopping || response.destroyed) controller.abort();
    else this.#aborts.set(response, controller);
    return controller.signal;
  }

  /** Ends what waits, closes connections without a request, and lets each other one end with its answer. */
  stop(): void {
    this.#stopping = true;
    for (const [socket, responses] of this.#sockets) {
      for (const response of responses) if (!response.headersSent) response.setHeader("Connection", "close");
      // Node's own closeIdleConnections() takes one that has sent nothing yet for active.
      if (responses.size === 0) socket.destroySoon();
    }
    for (const controller of this.#aborts.values()) controller.abort();
  }
}
