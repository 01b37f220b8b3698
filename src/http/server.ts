import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { RequestHandler } from "express";
import type { AccessTokens } from "../access/access-token.ts";
import type { Authenticator } from "../access/authenticate.ts";
import type { Services } from "../platform/services.ts";
import { createApp } from "./app.ts";
import { createAuthentication } from "./authenticate.ts";
import type { CallbackServices } from "./callbacks.ts";
import type { ToolDeclaration } from "./mcp/tools.ts";
import type { WebhookDescription } from "./openapi.ts";
import type { Operation } from "./operation.ts";
import { StreamPlaces } from "./stream/stream-places.ts";
import { WebSockets } from "./stream/web-sockets.ts";
import { RequestRegistry } from "./request-registry.ts";

// Longer than the 60 s after which load balancers let go of an idle connection: the side that closes first must not be
// the one that may still be sent a request.
const keepAliveSeconds = 65;
const maxHeaderBytes = 16_384;
// A request that came through two proxies with tracing has about fifty.
const maxHeaders = 200;

export interface HttpServerOptions {
  readonly services: Services;
  readonly operations: readonly Operation[];
  /** Mounted at `/in`, before everything that the API side does to a request. */
  readonly inboundRouter: RequestHandler;
  readonly authenticator: Authenticator;
  /** What agents need that answer by a callback. */
  readonly callbacks: CallbackServices;
  readonly accessTokens: AccessTokens;
  /** Rejects while the hub cannot serve: the database is away or not migrated. That it stops, the server knows itself. */
  readonly readiness: () => Promise<void>;
  /** The outbound messages, by type. */
  readonly webhooks: Readonly<Record<string, WebhookDescription>>;
  /** Those of the operations that models may call. */
  readonly tools: readonly ToolDeclaration[];
  readonly version: string;
}

/** The hub's HTTP side. */
export interface HttpServer {
  /** Listens; port 0 takes a free one. Rejects when the address is taken. */
  listen(port: number, host: string): Promise<{ readonly host: string; readonly port: number }>;
  /** Takes no new work, lets requests under way finish within the deadline, then cuts them off. */
  close(deadlineMs: number): Promise<void>;
}

/** Makes the server. It listens when told. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { services } = options;
  const { inbound, api } = services.settings;
  const registry = new RequestRegistry();
  const authentication = createAuthentication(options.authenticator, api);
  const streamPlaces = new StreamPlaces();
  const webSockets = new WebSockets(streamPlaces, services.log);
  services.metrics.gauge("hookyard_streams", "Streams that are open, of both kinds.", () => streamPlaces.taken);
  const app = createApp({
    ...options,
    streamPlaces,
    webSockets,
    authentication,
    signalOf: (response) => registry.signalOf(response),
    readiness: async () => {
      if (registry.isStopping) throw new Error("The hub is stopping");
      await options.readiness();
    },
  });

  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: inbound.headersTimeoutSeconds * 1000,
      requestTimeout: inbound.requestTimeoutSeconds * 1000,
      // How often those two are looked at; the default of 30 s would let a slow sender stay three times as long.
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: keepAliveSeconds * 1000,
      insecureHTTPParser: false,
    },
    (request, response) => {
      registry.onRequest(request, response);
      if (request.rawHeaders.length > 2 * maxHeaders) {
        response.writeHead(431, { Connection: "close" }).end();
        return;
      }
      app(request, response);
    },
  );
  // Above its limit Node would drop headers silently, a signature among them: take all, and refuse too many.
  server.maxHeadersCount = 0;
  server.on("connection", registry.onConnection);
  server.on("upgrade", (request, socket, head) => webSockets.onUpgrade(app, request, socket as Socket, head));

  return {
    async listen(port, host) {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve();
        });
      });
      // Only pipes and sockets have another form.
      const address = server.address() as AddressInfo;
      return { host: address.address, port: address.port };
    },

    async close(deadlineMs) {
      webSockets.close();
      registry.stop();
      const closed = new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
      const deadline = setTimeout(() => {
        server.closeAllConnections();
      }, deadlineMs);
      await closed;
      clearTimeout(deadline);
      authentication.close();
    },
  };
}
