import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { type BulkOperation, presentBulkOperation } from "./bulk-operation.ts";
import { selectBulk, updateBulk } from "./bulk-store.ts";

/** Ends a bulk operation; what it did stays done. Throws ConflictError `operation_finished` for one that does not run. */
export async function cancelBulkOperation(ctx: Context, id: string): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:retry");
  return await ctx.db.transaction(async (tx) => {
    const operation = await selectBulk(tx, ctx.actor, id, "update");
    if (operation === undefined) throw new NotFoundError("There is no such bulk operation in this project");
    if (operation.state !== "running")
      throw new ConflictError("operation_finished", `The operation is ${operation.state} already`);
    const row = await updateBulk(tx, id, { state: "canceled", finished_at: new Date(ctx.clock.now()) });
    await recordAudit(ctx, tx, { action: "bulk-operation.cancel", target: toWireId("bulkOperation", id) });
    return presentBulkOperation(row);
  });
}
