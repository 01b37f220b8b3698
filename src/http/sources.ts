import { z } from "zod";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { createSource, newSource } from "../sources/create-source.ts";
import { deleteSource } from "../sources/delete-source.ts";
import { getSource } from "../sources/get-source.ts";
import { listRejections, rejectionSchema } from "../sources/list-rejections.ts";
import { listSources } from "../sources/list-sources.ts";
import { pauseSource, resumeSource } from "../sources/pause-source.ts";
import { keptRejections } from "../sources/rejection-log.ts";
import { revealedSecretSchema, revealSourceSecret } from "../sources/reveal-source-secret.ts";
import { rotateSourceSecret, sourceSecretRotation } from "../sources/rotate-source-secret.ts";
import { sourceSchema } from "../sources/source.ts";
import { sourceChanges, updateSource } from "../sources/update-source.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Sources";
const path = "/api/v1/sources";
const params = z.strictObject({ id: wireIdSchema("source") });
const missing = { description: "The project has no such source." };

/** The calls on sources. */
export const sourceOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Open an inbound URL",
    tag,
    body: newSource,
    responses: { 201: { description: "The source, with the URL to give to the provider.", schema: sourceSchema } },
    handle: async (ctx, { body }) => ({ status: 201, body: await createSource(ctx, body) }),
  }),
  operation({
    method: "get",
    path,
    summary: "List sources",
    tag,
    query: z.strictObject(pageQuery("source")),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(sourceSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listSources(ctx, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read a source",
    tag,
    params,
    responses: { 200: { description: "The source.", schema: sourceSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getSource(ctx, id) }),
  }),
  operation({
    method: "patch",
    path: `${path}/{id}`,
    summary: "Change a source",
    tag,
    params,
    body: sourceChanges,
    responses: { 200: { description: "The source as it is now.", schema: sourceSchema }, 404: missing },
    handle: async (ctx, { params: { id }, body }) => ({ status: 200, body: await updateSource(ctx, id, body) }),
  }),
  operation({
    method: "delete",
    path: `${path}/{id}`,
    summary: "Close a source for good",
    tag,
    params,
    responses: { 204: { description: "Deleted; its events stay." }, 404: missing },
    async handle(ctx, { params: { id } }) {
      await deleteSource(ctx, id);
      return { status: 204 };
    },
  }),
  operation({
    method: "post",
    path: `${path}/{id}/secrets`,
    summary: "Add a secret and let the others expire",
    tag,
    params,
    body: sourceSecretRotation,
    responses: {
      201: { description: "The source, with the times of its live secrets.", schema: sourceSchema },
      404: missing,
      409: { description: "`too_many_secrets`: too many would be live at once." },
    },
    handle: async (ctx, { params: { id }, body }) => ({ status: 201, body: await rotateSourceSecret(ctx, id, body) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/reveal-secret`,
    summary: "Show, once, the secret that the provider handed over to be typed in",
    tag,
    params,
    responses: {
      200: { description: "The secret; the source forgets that it may show it.", schema: revealedSecretSchema },
      404: missing,
      409: { description: "`nothing_handed_over`: there is none, or not yet; `already_revealed`." },
    },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await revealSourceSecret(ctx, id) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/pause`,
    summary: "Hold the source's events: they are stored, and not routed",
    tag,
    params,
    responses: { 200: { description: "The source, paused.", schema: sourceSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await pauseSource(ctx, id) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/resume`,
    summary: "Route what the source held, in order, and then what comes in",
    tag,
    params,
    responses: { 200: { description: "The source, resuming or open.", schema: sourceSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await resumeSource(ctx, id) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}/rejections`,
    summary: "List the newest requests that the source refused",
    tag,
    params,
    query: z.strictObject(pageQuery("rejection")),
    responses: {
      200: { description: `A page, newest first; ${keptRejections} are kept.`, schema: pageSchema(rejectionSchema) },
      404: missing,
    },
    handle: async (ctx, { params: { id }, query }) => ({ status: 200, body: await listRejections(ctx, id, query) }),
  }),
];
