import { z } from "zod";
import { apiKeySchema } from "../access/api-key-view.ts";
import { getKey } from "../access/get-key.ts";
import { issuedApiKeySchema, issueKey, newApiKey } from "../access/issue-key.ts";
import { listKeys } from "../access/list-keys.ts";
import { revokeKey } from "../access/revoke-key.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const params = z.strictObject({ id: wireIdSchema("key") });
const tag = "Keys";

export const keyOperations: readonly Operation[] = [
  operation({
    method: "post",
    path: "/api/v1/keys",
    summary: "Issue an API key",
    tag,
    body: newApiKey,
    responses: { 201: { description: "The key, shown this once.", schema: issuedApiKeySchema } },
    handle: async (ctx, { body }) => ({ status: 201, body: await issueKey(ctx, body) }),
  }),
  operation({
    method: "get",
    path: "/api/v1/keys",
    summary: "List API keys",
    tag,
    query: z.strictObject(pageQuery("key")),
    responses: { 200: { description: "Newest first.", schema: pageSchema(apiKeySchema) } },
    handle: async (ctx, { query }) => ({ status: 200, body: await listKeys(ctx, query) }),
  }),
  operation({
    method: "get",
    path: "/api/v1/keys/{id}",
    summary: "Get an API key",
    tag,
    params,
    responses: { 200: { description: "The key, without its secret.", schema: apiKeySchema } },
    handle: async (ctx, input) => ({ status: 200, body: await getKey(ctx, input.params.id) }),
  }),
  operation({
    method: "delete",
    path: "/api/v1/keys/{id}",
    summary: "Revoke an API key",
    tag,
    params,
    responses: { 204: { description: "The key and its tokens have ended." } },
    handle: async (ctx, input) => {
      await revokeKey(ctx, input.params.id);
      return { status: 204 };
    },
  }),
];
