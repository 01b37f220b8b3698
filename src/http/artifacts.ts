import type { Request } from "express";
import { z } from "zod";
import type { Context } from "../access/context.ts";
import { mediaTypeOf } from "../lib/parse-body.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { artifactSchema } from "../tasks/artifact.ts";
import { getArtifactContent } from "../tasks/get-artifact-content.ts";
import { getArtifact } from "../tasks/get-artifact.ts";
import { listArtifacts } from "../tasks/list-artifacts.ts";
import { readByteRange } from "./byte-range.ts";
import { attachmentDisposition } from "./content-disposition.ts";
import { moment } from "./moment.ts";
import { type Answer, type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Artifacts";
const path = "/api/v1/artifacts";
const params = z.strictObject({ id: wireIdSchema("artifact") });
const missing = { description: "The project has no such artifact." };

function tagOf(sha256: string): string {
  return `"${sha256}"`;
}

// Weak or strong does not matter for what is read whole (RFC 9110, 13.1.2).
function isKnown(request: Request, sha256: string): boolean {
  const known = request.get("if-none-match")?.slice(0, 10_000).split(",");
  return known?.some((each) => each.trim() === "*" || each.trim().replace(/^W\//, "") === tagOf(sha256)) ?? false;
}

async function download(ctx: Context, id: string, request: Request): Promise<Answer> {
  if (request.get("if-none-match") !== undefined) {
    const { sha256 } = await getArtifact(ctx, id);
    if (isKnown(request, sha256)) return { status: 304, headers: { ETag: tagOf(sha256) } };
  }
  const { name, contentType, sha256, bytes } = await getArtifactContent(ctx, id);
  // A worker chose bytes, type and name: a browser shall save them, and neither show nor guess.
  const headers = {
    ETag: tagOf(sha256),
    "Accept-Ranges": "bytes",
    "Content-Disposition": attachmentDisposition(name),
    "X-Content-Type-Options": "nosniff",
  };
  const isSame = [undefined, tagOf(sha256)].includes(request.get("if-range"));
  const range = isSame ? readByteRange(request.get("range"), bytes.length) : undefined;
  if (range === undefined) return { status: 200, body: bytes, contentType, headers };
  if (range === "unsatisfiable")
    return { status: 416, headers: { ...headers, "Content-Range": `bytes */${bytes.length}` } };
  const { first, last } = range;
  const part = { ...headers, "Content-Range": `bytes ${first}-${last}/${bytes.length}` };
  return { status: 206, body: bytes.subarray(first, last + 1), contentType, headers: part };
}

/** The calls on what agents made. */
export const artifactOperations: readonly Operation[] = [
  operation({
    method: "get",
    path,
    summary: "List artifacts",
    tag,
    query: z.strictObject({
      contentType: z
        .string()
        .max(200)
        .transform(mediaTypeOf)
        .optional()
        .describe("The media type, e.g. `text/markdown`, or `text/*`; its parameters do not matter."),
      agent: z.string().max(200).optional().describe("The name or id of the agent that made it."),
      taskId: wireIdSchema("task").optional(),
      name: z.string().min(1).max(100).optional().describe("With what its name begins."),
      path: z.string().min(1).max(500).optional().describe("With what its path begins, e.g. `reports/`."),
      createdAfter: moment.optional().describe("First stored at this time or later."),
      createdBefore: moment.optional().describe("First stored before this time."),
      ...pageQuery("artifact"),
    }),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(artifactSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listArtifacts(ctx, query, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read what is known of an artifact",
    tag,
    params,
    responses: { 200: { description: "The artifact.", schema: artifactSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getArtifact(ctx, id) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}/content`,
    summary: "Download an artifact",
    tag,
    params,
    optionalHeaders: {
      "If-None-Match": "The ETag of what is known already, which is the sha256 in quotes.",
      Range: "One range of bytes, e.g. bytes=0-999.",
    },
    responses: {
      200: { description: "In the content type that its worker gave.", contentType: "*/*" },
      206: { description: "The range that was asked for.", contentType: "*/*" },
      304: { description: "It is known already." },
      404: missing,
      416: { description: "Nothing of it is in the range." },
      503: { description: "`content_missing`: it is not on the disk of this process." },
    },
    handle: (ctx, { params: { id }, request }) => download(ctx, id, request),
  }),
];
