import { z } from "zod";
import { mediaTypeOf } from "../lib/parse-body.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { artifactSchema } from "../tasks/artifact.ts";
import { getArtifactContent } from "../tasks/get-artifact-content.ts";
import { getArtifact } from "../tasks/get-artifact.ts";
import { listArtifacts } from "../tasks/list-artifacts.ts";
import { attachmentDisposition } from "./content-disposition.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Artifacts";
const path = "/api/v1/artifacts";
const params = z.strictObject({ id: wireIdSchema("artifact") });
const missing = { description: "The project has no such artifact." };

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
        .describe("The media type, e.g. `text/markdown`; its parameters do not matter."),
      agent: z.string().max(200).optional().describe("The name or id of the agent that made it."),
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
    responses: { 200: { description: "In the content type that its worker gave.", contentType: "*/*" }, 404: missing },
    async handle(ctx, { params: { id } }) {
      const { name, contentType, bytes } = await getArtifactContent(ctx, id);
      // A worker chose bytes, type and name: a browser shall save them, and neither show nor guess.
      const headers = {
        "Content-Disposition": attachmentDisposition(name),
        "X-Content-Type-Options": "nosniff",
      };
      return { status: 200, body: bytes, contentType, headers };
    },
  }),
];
