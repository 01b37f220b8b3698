import { z } from "zod";
import type { AccessTokens } from "../access/access-token.ts";
import { auditEntrySchema, listAudit } from "../access/list-audit.ts";
import { mintedTokenSchema, mintToken, newToken } from "../access/mint-token.ts";
import { mintPortalToken, newPortalToken, portalTokenSchema } from "../endpoints/mint-portal-token.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { keyOperations } from "./keys.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

/** The calls about who may call: keys, tokens and the audit log. */
export function accessOperations(tokens: AccessTokens): readonly Operation[] {
  return [
    ...keyOperations,
    operation({
      method: "post",
      path: "/api/v1/tokens",
      summary: "Mint a short-lived token",
      tag: "Tokens",
      body: newToken.optional(),
      responses: { 201: { description: "The token, a JWT for `Authorization: Bearer`.", schema: mintedTokenSchema } },
      handle: async (ctx, { body }) => ({
        status: 201,
        body: await mintToken(ctx, tokens, body ?? newToken.parse({})),
      }),
    }),
    operation({
      method: "post",
      path: "/api/v1/subscribers/{id}/portal-token",
      summary: "Mint a short-lived token for a subscriber's own eyes",
      tag: "Tokens",
      params: z.strictObject({ id: wireIdSchema("subscriber") }),
      body: newPortalToken.optional(),
      responses: {
        201: {
          description: "A JWT that manages this subscriber's endpoints and nothing else.",
          schema: portalTokenSchema,
        },
        404: { description: "The project has no such subscriber." },
      },
      handle: async (ctx, { params: { id }, body = {} }) => ({
        status: 201,
        body: await mintPortalToken(ctx, tokens, id, body),
      }),
    }),
    operation({
      method: "get",
      path: "/api/v1/audit",
      summary: "Read the audit log",
      tag: "Audit",
      query: z.strictObject(pageQuery("audit")),
      responses: { 200: { description: "Newest first.", schema: pageSchema(auditEntrySchema) } },
      handle: async (ctx, { query }) => ({ status: 200, body: await listAudit(ctx, query) }),
    }),
  ];
}
