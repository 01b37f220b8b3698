import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { type BulkOperation, presentBulkOperation } from "./bulk-operation.ts";
import { selectBulk } from "./bulk-store.ts";

/** The bulk operation with this uuid. Throws NotFoundError when the project has none. */
export async function getBulkOperation(ctx: Context, id: string): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:read");
  const row = await selectBulk(ctx.db, ctx.actor, id);
  if (row === undefined) throw new NotFoundError("There is no such bulk operation in this project");
  return presentBulkOperation(row);
}
