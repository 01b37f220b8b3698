import { z } from "zod";
import { bulkOperationSchema } from "../deliveries/bulk-operation.ts";
import { cancelBulkOperation } from "../deliveries/cancel-bulk-operation.ts";
import { getBulkOperation } from "../deliveries/get-bulk-operation.ts";
import { listBulkOperations } from "../deliveries/list-bulk-operations.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Deliveries";
const path = "/api/v1/bulk-operations";
const params = z.strictObject({ id: wireIdSchema("bulkOperation") });
const missing = { description: "The project has no such operation." };

/** The calls on what is done to many deliveries in the background. */
export const bulkOperations: readonly Operation[] = [
  operation({
    method: "get",
    path,
    summary: "List bulk operations",
    tag,
    forSubscribers: true,
    query: z.strictObject(pageQuery("bulkOperation")),
    responses: { 200: { description: "A page, newest first.", schema: pageSchema(bulkOperationSchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listBulkOperations(ctx, query) }),
  }),
  operation({
    method: "get",
    path: `${path}/{id}`,
    summary: "See how far a bulk operation is",
    tag,
    forSubscribers: true,
    params,
    responses: { 200: { description: "The operation.", schema: bulkOperationSchema }, 404: missing },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getBulkOperation(ctx, id) }),
  }),
  operation({
    method: "post",
    path: `${path}/{id}/cancel`,
    summary: "Stop a bulk operation",
    tag,
    forSubscribers: true,
    params,
    responses: {
      200: { description: "The operation, canceled; what it did stays done.", schema: bulkOperationSchema },
      404: missing,
      409: { description: "`operation_finished`: it does not run any more." },
    },
    handle: async (ctx, { params: { id } }) => ({ status: 200, body: await cancelBulkOperation(ctx, id) }),
  }),
];
