import { AGENT_CARD_PATH, AgentCard } from "@a2a-js/sdk";
import { legacyAgentCardRouter, legacyRestRouter } from "@a2a-js/sdk/compat/v0_3/server/express";
import { restHandler } from "@a2a-js/sdk/server/express";
import { RequestMalformedError, toRestErrorBody } from "@a2a-js/sdk/errors";
import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { authorise } from "../../access/actor.ts";
import { defaultProjectId } from "../../access/default-project.ts";
import type { TaskServices } from "../../tasks/announce-tasks.ts";
import { peerCallbackPath } from "../../tasks/peer-token.ts";
import { checkContentType } from "../check-content-type.ts";
import type { OperationHost } from "../mount-operations.ts";
import { parseJsonBody } from "../parse-json-body.ts";
import type { KnownCall } from "../refuse-unknown.ts";
import { stateOf } from "../request-state.ts";
import { sendAnswer } from "../send-answer.ts";
import type { StreamPlaces } from "../stream/stream-places.ts";
import type { A2aTransport } from "./a2a-error.ts";
import { a2aPath, a2aRestPath, agentCard, type CardParts, skillsOf } from "./agent-card.ts";
import { A2aCaller } from "./caller.ts";
import { jsonRpcCalls } from "./json-rpc.ts";
import { keepAlive } from "./keep-alive.ts";
import { mountPeerCallbacks } from "./peer-callbacks.ts";
import { createRequestHandler } from "./request-handler.ts";

/** What A2A is served with. */
export interface A2aHost extends OperationHost {
  readonly services: TaskServices;
  readonly streamPlaces: StreamPlaces;
  readonly version: string;
}

const cardPaths = [`/${AGENT_CARD_PATH}`, "/.well-known/agent.json"];
// Agents are added by people.
const cardSeconds = 60;
const mediaTypes = ["application/json", "application/a2a+json"];

const restTask = `${a2aRestPath}/tasks/{id}`;

/** The paths of the protocol, for answers to other methods. */
export const a2aCalls: readonly KnownCall[] = [
  ...cardPaths.map((path) => ({ method: "get", path })),
  { method: "post", path: a2aPath },
  { method: "post", path: peerCallbackPath },
  { method: "get", path: `${a2aRestPath}/tasks` },
  { method: "get", path: restTask },
  { method: "post", path: `${a2aRestPath}/message:send` },
  { method: "post", path: `${a2aRestPath}/message:stream` },
  { method: "get", path: `${a2aRestPath}/extendedAgentCard` },
];

function begin(path: string): RequestHandler {
  return (_request, response, next) => {
    stateOf(response).path = path;
    next();
  };
}

function mountCards(router: Router, host: A2aHost, cardParts: () => CardParts): void {
  const { services, authentication } = host;

  async function cardFor(response: Response): Promise<AgentCard> {
    const { actor } = stateOf(response);
    if (actor !== undefined) authorise(actor, "agents:read");
    else if (!services.settings.a2a.publishSkills) return agentCard(cardParts(), []);
    return agentCard(cardParts(), await skillsOf(services, actor?.projectId ?? defaultProjectId));
  }

  // With a credential, the agents of its project; a bad one is refused, as it would be at every other call.
  const identify: RequestHandler = (request, response, next) => {
    const { requireBearer, limitAddress } = authentication;
    return (request.headers.authorization === undefined ? limitAddress : requireBearer)(request, response, next);
  };

  for (const path of cardPaths)
    router.get(path, begin(path), identify, async (request, response, next) => {
      const card = await cardFor(response);
      const isPublic = stateOf(response).actor === undefined;
      response.vary("Authorization");
      // 0.3 when no version is asked for, with the interfaces of 1.0 in it: readers of both find theirs.
      const legacy = legacyAgentCardRouter({
        agentCardProvider: () => Promise.resolve(card),
        cache: { maxAge: isPublic ? cardSeconds : 0 },
      });
      request.url = "/";
      legacy(request, response, (error?: unknown) => {
        if (error instanceof Error) {
          next(error);
          return;
        }
        response.vary("A2A-Version");
        const caching = isPublic ? `public, max-age=${cardSeconds}` : "no-cache";
        sendAnswer(response, {
          status: 200,
          body: { skills: [], ...(AgentCard.toJSON(card) as object) },
          headers: { "Cache-Control": caching },
        });
      });
    });
}

const readJson: RequestHandler = (request, _response, next) => {
  // The SDK's own parser leaves alone what has been read.
  if (Buffer.isBuffer(request.body)) request.body = parseJsonBody(request.body) ?? {};
  next();
};

// The SDK takes what it cannot read for a fault of the server's, and would say 500.
const answerUnread: RequestHandler = (_request, response, next) => {
  const send = response.json.bind(response);
  response.json = (body: unknown) => {
    if (response.statusCode !== 500 || stateOf(response).failure !== undefined) return send(body);
    return response.status(400) && send(toRestErrorBody(new RequestMalformedError("The request cannot be read"), 400));
  };
  next();
};

const keepStreams: RequestHandler = (request, response, next) => {
  if (/:(stream|subscribe)$/.test(request.path)) keepAlive(response);
  next();
};

// Where the path and the body name two, the SDK says so on the console.
const onlyOneTenant: RequestHandler = (request, _response, next) => {
  const body: unknown = request.body;
  const isNamedInPath = !/^\/(message:|tasks(\/|$)|extendedAgentCard)/.test(request.path);
  if (isNamedInPath && typeof body === "object" && body !== null && "tenant" in body) delete body.tenant;
  next();
};

/**
 * Serves the hub as an agent of the A2A protocol (a2a-protocol.org, 1.0, and 0.3 for older clients): its card, JSON-RPC, and
 * HTTP+JSON, under the same credentials, roles and limits as the API.
 */
export function mountA2a(router: Router, host: A2aHost): void {
  const { services, authentication } = host;
  const cardParts = (): CardParts => ({ version: host.version, publicUrl: services.publicUrl() });
  const requestHandler = createRequestHandler(cardParts);

  const callerFor = (transport: A2aTransport, response: Response): A2aCaller => {
    const { actor } = stateOf(response);
    if (actor === undefined) throw new Error("A call over A2A was reached without authentication");
    return new A2aCaller({
      ctx: { ...services, actor },
      transport,
      signal: host.signalOf(response),
      takeStreamPlace: () => host.streamPlaces.take(),
      noteFailure: (failure) => {
        stateOf(response).failure = failure;
      },
    });
  };
  const userBuilder = async ({ res }: Request): Promise<A2aCaller> => {
    if (res === undefined) throw new Error("a request without a response");
    return callerFor("rest", res);
  };

  mountCards(router, host, cardParts);
  mountPeerCallbacks(router, services, authentication);
  const admit = [
    authentication.requireBearer,
    authentication.limitRate,
    checkContentType(mediaTypes),
    express.raw({ type: () => true, limit: services.settings.api.bodyLimitBytes, inflate: false }),
  ];
  router.post(
    a2aPath,
    begin(a2aPath),
    ...admit,
    jsonRpcCalls(requestHandler, (_request, response) => callerFor("jsonrpc", response)),
  );
  const readRest = [begin(a2aRestPath), ...admit, readJson, answerUnread, keepStreams];
  router.use(a2aRestPath, ...readRest, onlyOneTenant);
  const legacy = legacyRestRouter({ requestHandler, userBuilder });
  router.use(a2aPath, (request, response, next) => {
    // Only what was admitted above: it would read the body of any other call.
    if (request.path.startsWith("/v1/")) legacy(request, response, next);
    else next();
  });
  router.use(a2aRestPath, restHandler({ requestHandler, userBuilder }));
}
