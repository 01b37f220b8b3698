import { callbackPath } from "./callbacks.ts";
import { oauthTokenPath } from "./oauth-token.ts";
import type { OpenApiOperation, OpenApiPath } from "./openapi-document.ts";
import { problemType } from "./problem.ts";

// The calls that are not operations: they take no Bearer credential, and each has manners of its own.

function status(path: string, summary: string, responses: OpenApiOperation["responses"]): OpenApiPath {
  const [name = ""] = path.slice(1).split(".");
  const operationId = name === "" ? "getHome" : `get${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return { get: { operationId, summary, tags: ["Status"], responses, security: [] } };
}

const problem = { description: "Any error.", content: { [problemType]: {} } };

export const fixedPaths: Readonly<Record<string, OpenApiPath>> = {
  "/in/{sourceId}": {
    post: {
      operationId: "receiveWebhook",
      summary: "Send a webhook to a source",
      description: "The signature is that of the source's provider. A 2xx means that the event is stored.",
      tags: ["Inbound"],
      parameters: [{ name: "sourceId", in: "path", required: true, schema: { type: "string" } }],
      requestBody: { required: true, content: { "*/*": {} } },
      responses: {
        200: {
          description: "Stored, or a repeat of what is. A source may have an answer of its own.",
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: { eventId: { type: "string" }, duplicate: { type: "boolean" } },
                required: ["eventId", "duplicate"],
              },
            },
          },
        },
        default: problem,
      },
      security: [],
    },
  },
  [oauthTokenPath]: {
    post: {
      operationId: "postOauthToken",
      summary: "Exchange an API key for a token",
      description:
        "The client credentials grant of OAuth 2 (RFC 6749 §4.4): `client_id` is the key's id and `client_secret` the key, in the body or as Basic.",
      tags: ["Tokens"],
      requestBody: {
        required: true,
        content: {
          "application/x-www-form-urlencoded": {
            schema: {
              type: "object",
              properties: {
                grant_type: { type: "string", const: "client_credentials" },
                client_id: { type: "string" },
                client_secret: { type: "string" },
                scope: { type: "string", description: "A lesser role; absent: the key's own." },
              },
              required: ["grant_type"],
            },
          },
        },
      },
      responses: {
        200: {
          description: "The token.",
          content: {
            "application/json": {
              schema: {
                type: "object",
                properties: {
                  access_token: { type: "string" },
                  token_type: { type: "string", const: "Bearer" },
                  expires_in: { type: "integer", description: "In seconds." },
                  scope: { type: "string" },
                },
                required: ["access_token", "token_type", "expires_in", "scope"],
              },
            },
          },
        },
        default: { description: "An error in the form of RFC 6749 §5.2.", content: { "application/json": {} } },
      },
      security: [],
    },
  },
  [callbackPath]: {
    post: {
      operationId: "answerByCallback",
      summary: "Say how a task ended, or how far it is",
      description:
        "For agents that the hub called (runner `http`) and that began: the URL came with the call. It is good for one attempt, and once.",
      tags: ["Workers"],
      parameters: [{ name: "token", in: "path", required: true, schema: { type: "string" } }],
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: {
              type: "object",
              properties: {
                result: { description: "The task is completed." },
                artifacts: {
                  type: "array",
                  description: "Outputs besides the result.",
                  items: {
                    type: "object",
                    properties: {
                      name: { type: "string" },
                      contentType: { type: "string" },
                      content: { type: "string" },
                      contentBase64: { type: "string" },
                    },
                    required: ["name"],
                  },
                },
                error: {
                  type: "object",
                  properties: { code: { type: "string" }, message: { type: "string" } },
                  required: ["code", "message"],
                  description: "The task has failed.",
                },
                retryable: { type: "boolean", description: "Whether another attempt makes sense." },
                inputRequired: {
                  type: "object",
                  properties: {
                    prompt: { type: "string" },
                    schema: { type: "object" },
                    expiresInSeconds: { type: "integer" },
                  },
                  required: ["prompt"],
                  description: "A person has to answer first; the agent is called again then.",
                },
                progress: { description: "The task goes on." },
                usage: { type: "object" },
              },
            },
          },
        },
      },
      responses: {
        200: { description: "Taken down." },
        404: { ...problem, description: "No such token, or an attempt that another one has followed." },
        409: { ...problem, description: "`callback_used`: it was used, or the attempt has ended otherwise." },
      },
      security: [],
    },
  },
  "/": status("/", "What runs here", {
    200: { description: "It is healthy.", content: { "application/json": {}, "text/html": {} } },
  }),
  "/docs": status("/docs", "Every call, to read", {
    200: { description: "A page, whole in itself.", content: { "text/html": {} } },
  }),
  "/openapi.json": status("/openapi.json", "Every call, as OpenAPI 3.1", {
    200: { description: "This document.", content: { "application/json": {} } },
  }),
  "/healthz": status("/healthz", "Whether the process lives", { 200: { description: "It does." } }),
  "/readyz": status("/readyz", "Whether the hub can serve", {
    200: { description: "It can." },
    503: { description: "The database is away or not migrated, or the hub stops." },
  }),
  "/metrics": status("/metrics", "Metrics for Prometheus", {
    200: { description: "In Prometheus' text format.", content: { "text/plain": {} } },
  }),
};
