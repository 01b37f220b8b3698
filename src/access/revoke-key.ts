import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { authorise } from "./actor.ts";
import { recordAudit } from "./audit.ts";
import type { Context } from "./context.ts";
import { bootstrapActorId } from "./default-project.ts";
import { lockProject, markApiKeyRevoked, selectLiveOwnerKeyIds, selectProjectApiKey } from "./store.ts";

/**
 * Ends a key, and with it its tokens; one that has ended already stays as it is. Throws NotFoundError when the project has
 * no such key, ForbiddenError when less than an owner revokes an owner's, and ConflictError `last_owner_key` when no owner
 * would be left: a leaked one is replaced first and revoked then. HOOKYARD_ADMIN_KEY is an owner that is always left.
 */
export async function revokeKey(ctx: Context, id: string): Promise<void> {
  authorise(ctx.actor, "keys:write");
  const { projectId } = ctx.actor;
  await ctx.db.transaction(async (tx) => {
    // Two revocations at once must not each take the other's key for the one that remains.
    await lockProject(tx, projectId);
    const row = await selectProjectApiKey(tx, projectId, id);
    if (row === undefined) throw new NotFoundError("There is no such key in this project");
    if (row.role === "owner") authorise(ctx.actor, "owners:write");
    if (row.revoked_at !== null) return;
    const now = new Date(ctx.clock.now());
    const ownerKeys = await selectLiveOwnerKeyIds(tx, projectId, now);
    if (ownerKeys.length === 1 && ownerKeys[0] === id && ctx.actor.id !== bootstrapActorId)
      throw new ConflictError(
        "last_owner_key",
        "This is the project's last owner key; issue another one with the role owner first",
      );
    await markApiKeyRevoked(tx, id, now);
    await recordAudit(ctx, tx, { action: "key.revoke", target: toWireId("key", id), detail: { name: row.name } });
    await ctx.signals.emit(tx, "keys", [id]);
  });
}
