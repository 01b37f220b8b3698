import { z } from "zod";
import { bulkOperationSchema } from "../deliveries/bulk-operation.ts";
import { endpointStatsSchema, getEndpointStats } from "../deliveries/get-endpoint-stats.ts";
import { deliverySchema } from "../deliveries/delivery.ts";
import { cancelPending, pendingCancellation } from "../deliveries/cancel-pending.ts";
import { endpointRecovery, recoverEndpoint } from "../deliveries/recover-endpoint.ts";
import { endpointReplay, replayToEndpoint } from "../deliveries/replay-to-endpoint.ts";
import { createEndpoint, newEndpoint } from "../endpoints/create-endpoint.ts";
import { deleteEndpoint } from "../endpoints/delete-endpoint.ts";
import { enableEndpoint, endpointEnabling } from "../endpoints/enable-endpoint.ts";
import { endpointSchema, endpointWithSecretSchema } from "../endpoints/endpoint.ts";
import { getEndpoint } from "../endpoints/get-endpoint.ts";
import { listEndpoints } from "../endpoints/list-endpoints.ts";
import {
  endpointKeyRotation,
  endpointSecretRotation,
  rotateEndpointKey,
  rotateEndpointSecret,
} from "../endpoints/rotate-endpoint-secret.ts";
import { endpointChanges, updateEndpoint } from "../endpoints/update-endpoint.ts";
import { verifiedEndpointSchema, verifyEndpoint } from "../endpoints/verify-endpoint.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { endpointTest, testEndpoint } from "../messages/test-endpoint.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Endpoints";
const path = "/api/v1/endpoints";
const params = z.strictObject({ id: wireIdSchema("endpoint") });
const missing = { description: "The project has no such endpoint." };
const begun = { description: "The operation, which goes on in the background.", schema: bulkOperationSchema };
const off = { description: "`endpoint_disabled`: enable it first." };
const present = { description: "The endpoint as it is now.", schema: endpointSchema };

/** The calls on endpoints. */
export const endpointOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Add a receiver of messages",
    tag,
    forSubscribers: true,
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
    forSubscribers: true,
    query: z.strictObject({ subscriberId: wireIdSchema("subscriber").optional(), ...pageQuery("endpoint") }),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(endpointSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listEndpoints(ctx, query, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read an endpoint",
    tag,
    forSubscribers: true,
    params,
    responses: { 200: { description: "The endpoint.", schema: endpointSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getEndpoint(ctx, id) }),
  }),
  operation({
    method: "patch",
    path: `${path}/{id}`,
    summary: "Change an endpoint",
    tag,
    forSubscribers: true,
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
    forSubscribers: true,
    params,
    responses: { 204: { description: "Deleted; pending deliveries were canceled." }, 404: missing },
    async handle(ctx, { params: { id } }) {
      await deleteEndpoint(ctx, id);
      return { status: 204 };
    },
  }),
  operation({
    method: "get",
    path: `${path}/{id}/stats`,
    summary: "See how an endpoint does",
    tag,
    forSubscribers: true,
    params,
    query: z.strictObject({
      hours: z.coerce.number().int().min(1).max(720).default(24).describe("How far back the attempts are counted."),
    }),
    responses: { 200: { description: "Its numbers and its health.", schema: endpointStatsSchema }, 404: missing },
    handle: async (ctx, { params: { id }, query: { hours } }) => ({
      status: 200,
      body: await getEndpointStats(ctx, id, hours),
    }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/rotate-secret`,
    summary: "Give the endpoint a new secret and let the others expire",
    tag,
    forSubscribers: true,
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
    path: `${path}/{id}/rotate-key`,
    summary: "Give the endpoint a new Ed25519 key and let the others expire",
    tag,
    forSubscribers: true,
    params,
    body: endpointKeyRotation.optional(),
    responses: {
      200: { description: "The endpoint, with its new `publicKey`.", schema: endpointSchema },
      404: missing,
      409: { description: "`no_key`: it has none; `too_many_secrets`: too many would be live at once." },
    },
    handle: async (ctx, { params: { id }, body = {} }) => ({
      status: 200,
      body: await rotateEndpointKey(ctx, id, body),
    }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/enable`,
    summary: "Send to the endpoint again",
    tag,
    forSubscribers: true,
    params,
    body: endpointEnabling.optional(),
    responses: {
      200: present,
      404: missing,
      409: { description: "`endpoint_unverified`: verify it first." },
    },
    handle: async (ctx, { params: { id }, body = {} }) => ({ status: 200, body: await enableEndpoint(ctx, id, body) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/verify`,
    summary: "Ask the endpoint whether it wants to be called",
    tag,
    forSubscribers: true,
    params,
    responses: {
      200: { description: "Whether it does; if so, it is on.", schema: verifiedEndpointSchema },
      404: missing,
      409: { description: "`not_verifiable`: it need not be; `endpoint_changed`: try again." },
    },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await verifyEndpoint(ctx, id) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/disable`,
    summary: "Send nothing more to the endpoint; what is for it is held",
    tag,
    forSubscribers: true,
    params,
    responses: { 200: present, 404: missing },
    handle: async (ctx, { params: { id } }) => ({
      status: 200,
      body: await updateEndpoint(ctx, id, { disabled: true }),
    }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/test`,
    summary: "Send a test message to the endpoint alone",
    tag,
    forSubscribers: true,
    params,
    body: endpointTest.optional(),
    freeFields: ["data"],
    responses: {
      202: { description: "The delivery: read it, and its attempts, to see how it went.", schema: deliverySchema },
      404: missing,
      409: { description: "`endpoint_disabled`; `no_example`: the event type has none." },
    },
    handle: async (ctx, { params: { id }, body = {} }) => ({ status: 202, body: await testEndpoint(ctx, id, body) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/recover`,
    summary: "Send again what the endpoint failed to take",
    tag,
    forSubscribers: true,
    params,
    body: endpointRecovery,
    responses: { 202: begun, 404: missing, 409: off },
    handle: async (ctx, { params: { id }, body }) => ({ status: 202, body: await recoverEndpoint(ctx, id, body) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/replay`,
    summary: "Send messages of the past to the endpoint",
    tag,
    forSubscribers: true,
    params,
    body: endpointReplay,
    responses: { 202: begun, 404: missing, 409: off },
    handle: async (ctx, { params: { id }, body }) => ({ status: 202, body: await replayToEndpoint(ctx, id, body) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/cancel-pending`,
    summary: "End what is pending to the endpoint",
    tag,
    forSubscribers: true,
    params,
    body: pendingCancellation.optional(),
    responses: { 202: begun, 404: missing },
    handle: async (ctx, { params: { id }, body = {} }) => ({ status: 202, body: await cancelPending(ctx, id, body) }),
  }),
];
