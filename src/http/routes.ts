import { z } from "zod";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { createRoute, newRoute } from "../routing/create-route.ts";
import { deleteRoute } from "../routing/delete-route.ts";
import { getRoute } from "../routing/get-route.ts";
import { resetBreaker } from "../routing/guards/reset-breaker.ts";
import { listRoutes } from "../routing/list-routes.ts";
import { routeSchema } from "../routing/route.ts";
import { routeChanges, updateRoute } from "../routing/update-route.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Routes";
const path = "/api/v1/routes";
const params = z.strictObject({ id: wireIdSchema("route") });
const missing = { description: "The project has no such route." };
// Stored as json, and compared with payloads, which may hold NUL.
const freeFields = ["match", "task"];

/** The calls on routes. */
export const routeOperations: readonly Operation[] = [
  operation({
    method: "post",
    path,
    summary: "Add a route from events to an agent",
    tag,
    body: newRoute,
    freeFields,
    responses: { 201: { description: "The route.", schema: routeSchema } },
    handle: async (ctx, { body }) => ({ status: 201, body: await createRoute(ctx, body) }),
  }),
  operation({
    method: "get",
    path,
    summary: "List routes",
    tag,
    query: z.strictObject(pageQuery("route")),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(routeSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listRoutes(ctx, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "Read a route",
    tag,
    params,
    responses: { 200: { description: "The route.", schema: routeSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getRoute(ctx, id) }),
  }),
  operation({
    method: "patch",
    path: `${path}/{id}`,
    summary: "Change a route",
    tag,
    params,
    body: routeChanges,
    freeFields,
    responses: { 200: { description: "The route as it is now.", schema: routeSchema }, 404: missing },
    handle: async (ctx, { params: { id }, body }) => ({ status: 200, body: await updateRoute(ctx, id, body) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/reset-breaker`,
    summary: "Close the runaway breaker of a route before its time",
    tag,
    params,
    responses: { 200: { description: "The route, which makes tasks again.", schema: routeSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await resetBreaker(ctx, id) }),
  }),
  operation({
    method: "delete",
    path: `${path}/{id}`,
    summary: "Delete a route",
    tag,
    params,
    responses: { 204: { description: "Deleted; tasks that it made stay." }, 404: missing },
    async handle(ctx, { params: { id } }) {
      await deleteRoute(ctx, id);
      return { status: 204 };
    },
  }),
];
