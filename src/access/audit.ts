import type { Executor } from "../platform/database.ts";
import type { Context } from "./context.ts";

/** One entry of the audit log. */
export interface AuditEntry {
  /** What was done, as `resource.verb`, e.g. `source.create`. */
  readonly action: string;
  /** The wire id of what it was done to. */
  readonly target?: string;
  /** What changed, in a form that holds no secret and no payload. */
  readonly detail?: object;
}

/** Writes an audit row within the transaction of the change, so that neither exists without the other. */
export async function recordAudit(ctx: Context, tx: Executor, entry: AuditEntry): Promise<void> {
  await tx.kysely
    .insertInto("audit_log")
    .values({
      id: ctx.newId(),
      project_id: ctx.actor.projectId,
      actor_kind: ctx.actor.kind,
      actor_id: ctx.actor.id,
      actor_name: ctx.actor.name,
      action: entry.action,
      target: entry.target ?? null,
      detail: entry.detail === undefined ? null : JSON.stringify(entry.detail),
      created_at: new Date(ctx.clock.now()),
    })
    .execute();
}
