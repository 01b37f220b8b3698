import { mcpPath } from "./mcp/mount-mcp.ts";
import type { OpenApiOperation, OpenApiParameter, OpenApiPath } from "./openapi-document.ts";
import { subscriberStreamPath } from "./stream/mount-subscriber-stream.ts";
import { streamPath } from "./stream/mount-stream.ts";
import { webSocketPath } from "./stream/web-sockets.ts";

// The calls that stay open, and so are no operations: they take a Bearer credential like those.

const problem = { $ref: "#/components/responses/Problem" };
const lastEventId: OpenApiParameter = {
  name: "Last-Event-ID",
  in: "header",
  required: false,
  description: "The id of what was told last: the stream goes on after it.",
  schema: { type: "string" },
};
const lastEventIdInQuery: OpenApiParameter = {
  name: "lastEventId",
  in: "query",
  required: false,
  description: "The same, for clients that cannot set a header.",
  schema: { type: "string" },
};
const types: OpenApiParameter = {
  name: "types",
  in: "query",
  required: false,
  description: "Types or patterns such as `task.*`, with commas between them; absent: all.",
  schema: { type: "string", maxLength: 2_000 },
};

function serverSentEvents(about: Omit<OpenApiOperation, "tags" | "responses">): OpenApiPath {
  const told = { description: "Server-sent events, until one side ends it.", content: { "text/event-stream": {} } };
  return { get: { ...about, tags: ["Streams"], responses: { 200: told, default: problem } } };
}

/** The paths of streams and of the MCP server, as the OpenAPI document tells of them. */
export const streamPaths: Readonly<Record<string, OpenApiPath>> = {
  [streamPath]: serverSentEvents({
    operationId: "getStream",
    summary: "Follow what happens, as server-sent events",
    description: "Each event's data is `{type, timestamp, data}`.",
    parameters: [types, lastEventIdInQuery, lastEventId],
  }),
  [webSocketPath]: {
    get: {
      operationId: "openWebSocket",
      summary: "Follow what happens, over a WebSocket",
      description:
        "Each text frame is `{id, type, timestamp, data}`. Browsers pass the credential as the subprotocol `hookyard.bearer.<token>`, beside `hookyard.stream`.",
      tags: ["Streams"],
      parameters: [types, lastEventIdInQuery],
      responses: { 101: { description: "The WebSocket is open." }, default: problem },
    },
  },
  [subscriberStreamPath]: serverSentEvents({
    operationId: "getSubscribersByIdMessagesStream",
    summary: "Follow a subscriber's messages, as server-sent events",
    parameters: [
      { name: "id", in: "path", required: true, schema: { type: "string" } },
      {
        name: "consumer",
        in: "query",
        required: false,
        description: "Whose place in the stream it is, where several read it.",
        schema: { type: "string", default: "default" },
      },
      lastEventIdInQuery,
      lastEventId,
    ],
  }),
  [mcpPath]: {
    post: {
      operationId: "callMcp",
      summary: "The hub as an MCP server",
      description: "Streamable HTTP of the Model Context Protocol, without sessions: one JSON-RPC message a call.",
      tags: ["MCP"],
      requestBody: { required: true, content: { "application/json": { schema: { type: "object" } } } },
      responses: { 200: { description: "The answer.", content: { "application/json": {} } }, default: problem },
    },
  },
};
