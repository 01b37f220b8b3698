import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  type CallToolResult,
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import express, { type Request, type Response, type Router } from "express";
import type { Context } from "../../access/context.ts";
import { checkContentType } from "../check-content-type.ts";
import type { OperationHost } from "../mount-operations.ts";
import { namePath } from "../name-path.ts";
import type { Operation } from "../operation.ts";
import { parseJsonBody } from "../parse-json-body.ts";
import { problemOf } from "../problem.ts";
import { stateOf } from "../request-state.ts";
import { operationTool, type OperationTool } from "./operation-tool.ts";
import type { ToolDeclaration } from "./tools.ts";

/** Where the MCP server is (streamable HTTP). */
export const mcpPath = "/mcp";

const instructions =
  "Hookyard receives signed webhooks, maps them by routes to tasks for agents, and delivers the results. Look at what came in " +
  "(list_events, trace), try what a route would do (dry_run_route), and create, inspect and cancel tasks.";

function findOperation(operations: readonly Operation[], method: string, path: string): Operation {
  const found = operations.find((operation) => operation.method === method && operation.path === path);
  if (found === undefined) throw new Error(`no operation ${method} ${path} for the tool that names it`);
  return found;
}

function answerText(body: unknown): CallToolResult {
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  return {
    content: [{ type: "text", text: JSON.stringify(body ?? null) }],
    ...(isObject ? { structuredContent: body as Record<string, unknown> } : {}),
  };
}

/**
 * Serves the hub to models over the Model Context Protocol, under the same keys and roles as the API: each tool is a call
 * of it. Stateless, a server for each request: any process answers, and nothing is kept between two calls.
 */
export function mountMcp(
  router: Router,
  operations: readonly Operation[],
  tools: readonly ToolDeclaration[],
  host: OperationHost,
  version: string,
): void {
  const known = new Map<string, OperationTool>(
    tools.map((each) => [each.name, operationTool(each, findOperation(operations, each.method, each.path))]),
  );

  async function call(
    ctx: Context,
    request: Request,
    response: Response,
    name: string,
    args: Readonly<Record<string, unknown>>,
  ): Promise<CallToolResult> {
    const tool = known.get(name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `There is no tool ${name.slice(0, 100)}`);
    try {
      const input = tool.read(args, { request, signal: host.signalOf(response) });
      return answerText((await tool.operation.handle(ctx, input)).body);
    } catch (error) {
      // What a model can mend is its tool's answer, not an error of the protocol.
      const { answer, failure } = problemOf(error, stateOf(response).requestId);
      if (failure !== undefined) stateOf(response).failure = failure;
      return { ...answerText(answer.body), isError: true };
    }
  }

  function serverFor(request: Request, response: Response): Server {
    const { actor } = stateOf(response);
    if (actor === undefined) throw new Error("A tool was reached without authentication");
    const ctx: Context = { ...host.services, actor };
    const server = new Server({ name: "hookyard", version }, { capabilities: { tools: {} }, instructions });
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...known.values()].map(({ tool }) => tool) }));
    server.setRequestHandler(CallToolRequestSchema, ({ params: { name, arguments: args = {} } }) =>
      call(ctx, request, response, name, args),
    );
    return server;
  }

  router.post(
    mcpPath,
    namePath(mcpPath),
    host.authentication.requireBearer,
    host.authentication.limitRate,
    checkContentType(["application/json"]),
    express.raw({ type: () => true, limit: host.services.settings.api.bodyLimitBytes, inflate: false }),
    async (request, response) => {
      const body = parseJsonBody(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
      const server = serverFor(request, response);
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      response.on("close", () => void server.close());
      await server.connect(transport);
      await transport.handleRequest(request, response, body);
    },
  );
}
