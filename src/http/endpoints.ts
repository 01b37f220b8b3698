import { z } from "zod";
import { createEndpoint, newEndpoint } from "../endpoints/create-endpoint.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { endpointSchema, endpointWithSecretSchema } from "../endpoints/endpoint.ts";
import { getEndpoint } from "../endpoints/get-endpoint.ts";
import { listEndpoints } from "../endpoints/list-endpoints.ts";
import { endpointSecretRotation, rotateEndpointSecret } from "../endpoints/rotate-endpoint-secret.ts";
import { endpointChanges, updateEndpoint } from "../endpoints/update-endpoint.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Endpoints";
const path = "/api/v1/endpoints";
const params = z.strictObject({ id: wireIdSchema("endpoint") });
const missing = { description: "The project has no such endpoint." };
const present = { description: "The endpoint as it is now.", schema: endpointSchema };

/** The calls on endpoints. */
export const endpointOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Add a receiver of messages",
    tag,
    body: newEndpoint,
    responses: {
      201: { description: "The endpoint, with its secret shown this once.", schema: endpointWithSecretSchema },
    },
    handle: async (ctx, { body }) => ({ status: 201, body: await createEndpoint(ctx, body) }),
  }),
  operation({
    method: "get",
    path,
    summary: "List endpoints",
    tag,
    query: z.strictObject(pageQuery("endpoint")),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(endpointSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listEndpoints(ctx, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read an endpoint",
    tag,
    params,
    responses: { 200: { description: "The endpoint.", schema: endpointSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getEndpoint(ctx, id) }),
  }),
  operation({
    method: "patch",
    path: `${path}/{id}`,
    summary: "Change an endpoint",
    tag,
    params,
    body: endpointChanges,
    responses: { 200: present, 404: missing },
    handle: async (ctx, { params: { id }, body }) => ({ status: 200, body: await updateEndpoint(ctx, id, body) }),
  }),
  operation({
    method: "delete",
    path: `${path}/{id}`,
    summary: "Delete an endpoint",
    tag,
    params,
    responses: { 204: { description: "Deleted; pending deliveries were canceled." }, 404: missing },
    async handle(ctx, { params: { id } }) {
      await deleteEndpoint(ctx, id);
      return { status: 204 };
    },
  }),
  operation({
    method: "post",
    path: `${path}/{id}/rotate-secret`,
    summary: "Give the endpoint a new secret and let the others expire",
    tag,
    params,
    body: endpointSecretRotation.optional(),
    responses: {
      200: { description: "The endpoint, with its new secret shown this once.", schema: endpointWithSecretSchema },
      404: missing,
      409: { description: "`too_many_secrets`: too many would be live at once." },
    },
    handle: async (ctx, { params: { id }, body = {} }) => ({
      status: 200,
      body: await rotateEndpointSecret(ctx, id, body),
    }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/enable`,
    summary: "Send to the endpoint again",
    tag,
    params,
    responses: { 200: present, 404: missing },
    handle: async (ctx, { params: { id } }) => ({
      status: 200,
      body: await updateEndpoint(ctx, id, { disabled: false }),
    }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/disable`,
    summary: "Send nothing more to the endpoint",
    tag,
    params,
    responses: { 200: present, 404: missing },
    handle: async (ctx, { params: { id } }) => ({
      status: 200,
      body: await updateEndpoint(ctx, id, { disabled: true }),
    }),
  }),
];
