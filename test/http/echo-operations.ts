import { z } from "zod";
import { type Operation, operation } from "../../src/http/operation.ts";
import { pageQuery } from "../../src/http/pagination.ts";
import { ForbiddenError, InvalidError } from "../../src/lib/errors.ts";
import { wireIdSchema } from "../../src/lib/wire-id-schema.ts";

const responses = { 200: { description: "An echo." } };

/** Calls that answer with what they were given, and count how often they were reached. */
export function echoOperations(): { readonly operations: readonly Operation[]; readonly runs: () => number } {
  let runs = 0;
  const echo = (body: unknown) => {
    runs += 1;
    return { status: 200, body: { runs, body } };
  };
  const operations = [
    operation({
      method: "post",
      path: "/api/v1/echo",
      summary: "Echo",
      tag: "Test",
      body: z.strictObject({
        name: z.string().max(100),
        count: z.int().min(1).max(10).optional(),
        nested: z.strictObject({ list: z.array(z.strictObject({ id: z.string() })) }).optional(),
        either: z.union([z.string(), z.strictObject({ type: z.literal("http"), url: z.url() })]).optional(),
        data: z.unknown().optional(),
        result: z.unknown().optional(),
      }),
      freeFields: ["result"],
      responses,
      handle: async (_ctx, { body }) => echo(body),
    }),
    operation({
      method: "get",
      path: "/api/v1/echo",
      summary: "List echoes",
      tag: "Test",
      query: z.strictObject({ ...pageQuery("key"), state: z.enum(["new", "old"]).optional() }),
      responses,
      handle: async (_ctx, { query }) => echo(query),
    }),
    operation({
      method: "get",
      path: "/api/v1/echo/{id}",
      summary: "Get an echo",
      tag: "Test",
      params: z.strictObject({ id: wireIdSchema("key") }),
      responses,
      handle: async (_ctx, { params }) => echo(params),
    }),
    operation({
      method: "post",
      path: "/api/v1/echo/switch",
      summary: "Take no body",
      tag: "Test",
      responses: { 204: { description: "Done." } },
      handle: async () => {
        runs += 1;
        return { status: 204 };
      },
    }),
    operation({
      method: "put",
      path: "/api/v1/echo/{id}/bytes",
      summary: "Take bytes",
      tag: "Test",
      params: z.strictObject({ id: z.string() }),
      body: z.instanceof(Buffer),
      bodyKind: { raw: ["*/*"], limitBytes: 1_000 },
      headers: { "Lease-Token": "The token of the lease." },
      responses: { 200: { description: "The bytes.", contentType: "text/html" } },
      handle: async (_ctx, { body }) => ({ status: 200, body, contentType: "text/html" }),
    }),
    operation({
      method: "post",
      path: "/api/v1/markdown",
      summary: "Take text",
      tag: "Test",
      body: z.instanceof(Buffer),
      bodyKind: { raw: ["text/markdown"], limitBytes: 1_000 },
      responses,
      handle: async (_ctx, { body }) => echo(body.toString()),
    }),
    operation({
      method: "post",
      path: "/api/v1/fail",
      summary: "Fail as told",
      tag: "Test",
      body: z.strictObject({ how: z.enum(["forbidden", "invalid", "bug"]) }),
      responses,
      handle: async (_ctx, { body }) => {
        runs += 1;
        if (body.how === "forbidden") throw new ForbiddenError(`Refused for the ${runs}th time`);
        if (body.how === "invalid") throw new InvalidError("Refused", [{ path: "how", message: "is wrong" }]);
        throw new Error("a bug with a secret in it");
      },
    }),
    operation({
      method: "post",
      path: "/api/v1/slow",
      summary: "Wait until told",
      tag: "Test",
      body: z.strictObject({ milliseconds: z.int() }),
      responses,
      handle: async (_ctx, { body, signal }) => {
        const how = await new Promise<string>((resolve) => {
          const timer = setTimeout(() => resolve("waited"), body.milliseconds);
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            resolve("aborted");
          });
        });
        return echo(how);
      },
    }),
  ];
  return { operations, runs: () => runs };
}
