import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { roles } from "./roles.ts";
import type { ApiKeyRow } from "./store.ts";

/** An API key as the API shows it: never the key itself. */
export const apiKeySchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    role: z.enum(roles),
    agents: z
      .array(z.string())
      .optional()
      .meta({ description: "The agents for which it may make worker calls; absent: all of them." }),
    hint: z.string().meta({ description: "How the key begins.", example: "hky_AbCd…" }),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().optional(),
    revokedAt: z.iso.datetime().optional(),
  })
  .meta({ id: "ApiKey" });

export type ApiKeyView = z.infer<typeof apiKeySchema>;

/** The public form of a stored key. */
export function presentApiKey(row: ApiKeyRow): ApiKeyView {
  return {
    id: toWireId("key", row.id),
    name: row.name,
    role: z.enum(roles).parse(row.role),
    ...(row.agents === null ? {} : { agents: row.agents }),
    hint: row.hint,
    createdAt: row.created_at.toISOString(),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
  };
}
