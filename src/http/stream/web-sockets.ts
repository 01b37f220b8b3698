import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Request, Response, Router } from "express";
import { type WebSocket, WebSocketServer } from "ws";
import type { Context } from "../../access/context.ts";
import { HubError } from "../../lib/errors.ts";
import { parseInput } from "../../lib/parse-input.ts";
import type { Logger } from "../../platform/logger.ts";
import { followNews } from "../../stream/follow-news.ts";
import type { News } from "../../stream/news.ts";
import type { OperationHost } from "../mount-operations.ts";
import { namePath } from "../name-path.ts";
import { stateOf } from "../request-state.ts";
import type { StreamPlaces } from "./stream-places.ts";
import { streamQuery } from "./stream-query.ts";

/** Where the stream is over WebSocket. */
export const webSocketPath = "/api/v1/ws";

const bearerProtocol = "hookyard.bearer.";
const streamProtocol = "hookyard.stream";
// The client has nothing to say; control frames have 125 bytes.
const maxPayload = 1_024;
const pingMs = 15_000;
const maxUnsentBytes = 1_048_576;
const unsentPauseMs = 100;

/** 426: the path is for WebSockets. */
class UpgradeRequiredError extends HubError {
  readonly status = 426;
  readonly code = "upgrade_required";
}

// Browsers cannot set the header of a WebSocket: there the credential comes among the subprotocols.
function takeCredential(request: IncomingMessage): void {
  if (request.headers.authorization !== undefined) return;
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim());
  const bearer = offered.find((protocol) => protocol.startsWith(bearerProtocol));
  if (bearer === undefined) return;
  const authorization = `Bearer ${bearer.slice(bearerProtocol.length)}`;
  request.headers.authorization = authorization;
  request.rawHeaders.push("Authorization", authorization);
}

// A client that does not read must not fill the memory.
async function untilSent(client: WebSocket, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && client.bufferedAmount > maxUnsentBytes)
    await new Promise((resolve) => setTimeout(resolve, unsentPauseMs));
}

async function tell(client: WebSocket, batches: AsyncIterable<readonly News[]>, signal: AbortSignal): Promise<void> {
  for await (const batch of batches) {
    for (const each of batch) client.send(JSON.stringify(each));
    await untilSent(client, signal);
  }
}

/**
 * The stream over WebSocket: each text frame is one `{id, type, timestamp, data}`. A request to open one goes through the
 * application like any other, and is refused as any other is; only then is its connection taken over.
 */
export class WebSockets {
  readonly #places: StreamPlaces;
  readonly #log: Logger;
  // What had been read behind the head of a request that wants to open one.
  readonly #heads = new WeakMap<IncomingMessage, Buffer>();
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    // Never the credential: it would be repeated in the head of the answer.
    handleProtocols: (offered) => (offered.has(streamProtocol) ? streamProtocol : false),
  });

  constructor(places: StreamPlaces, log: Logger) {
    this.#places = places;
    this.#log = log;
  }

  /** For the server's `upgrade`: lets the application answer. */
  onUpgrade(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
  ): void {
    socket.on("error", () => socket.destroy());
    takeCredential(request);
    this.#heads.set(request, head);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => socket.end());
    answer(request, response);
  }

  /** Mounts the path; `host` says who may. */
  mount(router: Router, host: OperationHost): void {
    const { requireBearer, limitRate } = host.authentication;
    router.get(webSocketPath, namePath(webSocketPath), requireBearer, limitRate, async (request, response) => {
      await this.#open(request, response, host);
    });
  }

  /** Closes all, as RFC 6455 §7.4.1 has it for a server that goes away. */
  close(): void {
    for (const client of this.#server.clients) client.close(1001);
    this.#server.close();
  }

  async #open(request: Request, response: Response, host: OperationHost): Promise<void> {
    const head = this.#heads.get(request);
    if (head === undefined)
      throw new UpgradeRequiredError("Open a WebSocket here; /api/v1/stream tells the same as server-sent events");
    const { actor } = stateOf(response);
    if (actor === undefined) throw new Error("A WebSocket was reached without authentication");
    const { types, lastEventId } = parseInput(streamQuery, request.query);
    const ctx: Context = { ...host.services, actor };
    const ended = new AbortController();
    const batches = followNews(ctx, { after: lastEventId, types, signal: ended.signal });
    const leave = this.#places.take();
    try {
      // What refuses the actor is an answer; afterwards there is only the connection.
      const first = await batches.next();
      const all = async function* all(): AsyncGenerator<readonly News[]> {
        if (first.done !== true) yield first.value;
        yield* batches;
      };
      response.detachSocket(request.socket);
      this.#server.handleUpgrade(request, request.socket, head, (client) => {
        const ping = setInterval(() => client.ping(), pingMs);
        client.on("error", () => client.terminate());
        client.on("close", () => {
          clearInterval(ping);
          ended.abort();
          leave();
        });
        tell(client, all(), ended.signal).catch((err: unknown) => {
          this.#log.warn({ unit: "stream", err }, "a stream ended with an error");
          client.close(1011);
        });
      });
    } catch (error) {
      leave();
      throw error;
    }
  }
}
