import express, { type Router } from "express";
import { checkContentType } from "../check-content-type.ts";
import type { OperationHost } from "../mount-operations.ts";
import { namePath } from "../name-path.ts";
import type { Operation } from "../operation.ts";
import { parseJsonBody } from "../parse-json-body.ts";
import { stateOf } from "../request-state.ts";
import { operationTool, type OperationTool } from "./operation-tool.ts";
import type { ToolDeclaration } from "./tools.ts";

/** Where the MCP server is (streamable HTTP). */
export const mcpPath = "/mcp";

function findOperation(operations: readonly Operation[], method: string, path: string): Operation {
  const found = operations.find((operation) => operation.method === method && operation.path === path);
  if (found === undefined) throw new Error(`no operation ${method} ${path} for the tool that names it`);
  return found;
}

/**
 * Serves the hub to models over the Model Context Protocol, under the same keys and roles as the API: each tool is a call
 * of it. Stateless: any process answers. The protocol's library has 30 MB, and is loaded for the first who asks.
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
  router.post(
    mcpPath,
    namePath(mcpPath),
    host.authentication.requireBearer,
    host.authentication.limitRate,
    checkContentType(["application/json"]),
    express.raw({ type: () => true, limit: host.services.settings.api.bodyLimitBytes, inflate: false }),
    async (request, response) => {
      const { actor } = stateOf(response);
      if (actor === undefined) throw new Error("A tool was reached without authentication");
      const body = parseJsonBody(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
      const { answerMcp } = await import("./answer-mcp.ts");
      const ctx = { ...host.services, actor };
      const signal = host.signalOf(response);
      await answerMcp({ ctx, tools: known, request, response, signal, version }, body);
    },
  );
}
