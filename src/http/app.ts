import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response, Router } from "express";
import helmet from "helmet";
import type { AccessTokens } from "../access/access-token.ts";
import type { Services } from "../platform/services.ts";
import { accessOperations } from "./access-operations.ts";
import type { Authentication } from "./authenticate.ts";
import { callbackPath, type CallbackServices, mountCallbacks } from "./callbacks.ts";
import { mountDocs, docsCalls } from "./docs-routes.ts";
import { mountOauthToken, oauthTokenPath } from "./oauth-token.ts";
import type { WebhookDescription } from "./openapi.ts";
import { a2aCalls, mountA2a } from "./a2a/mount-a2a.ts";
import { mcpPath, mountMcp } from "./mcp/mount-mcp.ts";
import type { ToolDeclaration } from "./mcp/tools.ts";
import { mountOperations } from "./mount-operations.ts";
import type { Operation } from "./operation.ts";
import { problemOf } from "./problem.ts";
import { refuseUnknown } from "./refuse-unknown.ts";
import { stateOf } from "./request-state.ts";
import { sendAnswer } from "./send-answer.ts";
import { mountStream, streamPath } from "./stream/mount-stream.ts";
import { mountSubscriberStream, subscriberStreamPath } from "./stream/mount-subscriber-stream.ts";
import type { StreamPlaces } from "./stream/stream-places.ts";
import { type WebSockets, webSocketPath } from "./stream/web-sockets.ts";
import { mountStatus, statusCalls } from "./status-routes.ts";
import { trackRequest } from "./track-request.ts";

/** What the application is made of. */
export interface AppParts {
  readonly services: Services;
  readonly operations: readonly Operation[];
  readonly inboundRouter: RequestHandler;
  readonly authentication: Authentication;
  readonly callbacks: CallbackServices;
  readonly accessTokens: AccessTokens;
  readonly readiness: () => Promise<void>;
  readonly signalOf: (response: Response) => AbortSignal;
  readonly webhooks: Readonly<Record<string, WebhookDescription>>;
  readonly streamPlaces: StreamPlaces;
  readonly webSockets: WebSockets;
  /** Those of the operations that models may call. */
  readonly tools: readonly ToolDeclaration[];
  readonly version: string;
}

// Answers of the API run nothing in a browser; the pages set a policy of their own.
const shield = helmet({
  contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
});

// Express tells an error handler by its four parameters.
const answerError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const state = stateOf(response);
  const { answer, code, failure } = problemOf(error, state.requestId);
  Object.assign(state, { code, failure });
  // Half an answer cannot be made whole: cut it off, so that the client sees that something is missing.
  if (response.headersSent) response.destroy();
  else sendAnswer(response, answer);
};

/** The Express application: the inbound side first, bare; then the API behind helmet, logging and authentication. */
export function createApp(parts: AppParts): Express {
  const { services, authentication, accessTokens } = parts;
  const operations = [...accessOperations(accessTokens), ...parts.operations];
  const app = express();
  app.disable("x-powered-by");
  // Answers are not cached, so hashing each would be for nothing.
  app.disable("etag");
  app.set("trust proxy", services.settings.api.trustedProxyHops);
  app.use("/in", parts.inboundRouter);
  app.use(trackRequest(services), shield);

  const router = Router({ caseSensitive: true });
  mountStatus(router, { version: parts.version, metrics: services.metrics, readiness: parts.readiness });
  mountDocs(router, { operations, webhooks: parts.webhooks, version: parts.version, publicUrl: services.publicUrl });
  mountOauthToken(router, services, authentication, accessTokens);
  mountCallbacks(router, parts.callbacks, authentication);
  const host = { services, authentication, signalOf: parts.signalOf };
  mountOperations(router, operations, host);
  mountStream(router, host, parts.streamPlaces);
  mountSubscriberStream(router, host, parts.streamPlaces);
  parts.webSockets.mount(router, host);
  mountMcp(router, operations, parts.tools, host, parts.version);
  const { callbacks, streamPlaces, version } = parts;
  mountA2a(router, { ...host, services: callbacks, streamPlaces, version });
  const refuse = refuseUnknown([
    ...statusCalls,
    ...docsCalls,
    { method: "post", path: oauthTokenPath },
    { method: "post", path: callbackPath },
    { method: "post", path: mcpPath },
    ...a2aCalls,
    { method: "get", path: streamPath },
    { method: "get", path: subscriberStreamPath },
    { method: "get", path: webSocketPath },
    ...operations,
  ]);
  // Express' router would answer OPTIONS by itself, in HTML.
  app.options("/{*path}", refuse);
  app.use(router, refuse);
  app.use(answerError);
  return app;
}
