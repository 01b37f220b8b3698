import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  type CallToolResult,
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import type { Request, Response } from "express";
import type { Context } from "../../access/context.ts";
import { problemOf } from "../problem.ts";
import { stateOf } from "../request-state.ts";
import type { OperationTool } from "./operation-tool.ts";

const instructions =
  "Hookyard receives signed webhooks, maps them by routes to tasks for agents, and delivers the results. Look at what came in " +
  "(list_events, trace), try what a route would do (dry_run_route), and create, inspect and cancel tasks.";

/** One request to the MCP server. */
export interface McpCall {
  readonly ctx: Context;
  readonly tools: ReadonlyMap<string, OperationTool>;
  readonly request: Request;
  readonly response: Response;
  readonly signal: AbortSignal;
  readonly version: string;
}

function answerText(body: unknown): CallToolResult {
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  return {
    content: [{ type: "text", text: JSON.stringify(body ?? null) }],
    ...(isObject ? { structuredContent: body as Record<string, unknown> } : {}),
  };
}

async function callTool(
  { ctx, tools, request, response, signal }: McpCall,
  name: string,
  args: Readonly<Record<string, unknown>>,
): Promise<CallToolResult> {
  const tool = tools.get(name);
  if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `There is no tool ${name.slice(0, 100)}`);
  try {
    return answerText((await tool.operation.handle(ctx, tool.read(args, { request, signal }))).body);
  } catch (error) {
    // What a model can mend is its tool's answer, not an error of the protocol.
    const { answer, failure } = problemOf(error, stateOf(response).requestId);
    if (failure !== undefined) stateOf(response).failure = failure;
    return { ...answerText(answer.body), isError: true };
  }
}

/** Answers one request of the Model Context Protocol, with a server of its own: nothing is kept between two of them. */
export async function answerMcp(call: McpCall, body: unknown): Promise<void> {
  const { request, response, version } = call;
  const server = new Server({ name: "hookyard", version }, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...call.tools.values()].map(({ tool }) => tool) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params: { name, arguments: args = {} } }) =>
    callTool(call, name, args),
  );
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.on("close", () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, body);
}
