import { z } from "zod";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { authorise } from "./actor.ts";
import type { Context } from "./context.ts";
import { type AuditRow, selectAuditRows } from "./store.ts";
import { wireActorId } from "./wire-actor-id.ts";

export const auditEntrySchema = z
  .strictObject({
    id: z.string(),
    actor: z.strictObject({
      kind: z.string().meta({ description: "`key`, `token` (of the key with this id) or `system`." }),
      id: z.string(),
      name: z.string(),
    }),
    action: z.string().meta({ description: "What was done, as `resource.verb`.", example: "source.create" }),
    target: z.string().optional().meta({ description: "The id of what it was done to." }),
    detail: z.unknown().optional(),
    at: z.iso.datetime(),
  })
  .meta({ id: "AuditEntry" });

export type AuditEntry = z.infer<typeof auditEntrySchema>;

function present(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    actor: { kind: row.actor_kind, id: wireActorId(row.actor_id), name: row.actor_name },
    action: row.action,
    ...(row.target === null ? {} : { target: row.target }),
    ...(row.detail === null ? {} : { detail: row.detail }),
    at: row.created_at.toISOString(),
  };
}

/** What was changed in the project and by whom, newest first. */
export async function listAudit(ctx: Context, page: PageRequest): Promise<Page<AuditEntry>> {
  authorise(ctx.actor, "audit:read");
  const rows = await selectAuditRows(ctx.db, ctx.actor.projectId, page);
  return pageOf(rows.map(present), page.limit, (entry) => entry.id);
}
