import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import { NotFoundError } from "../lib/errors.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type BulkOperation, presentBulkOperation } from "./bulk-operation.ts";
import { selectBulk, selectBulks } from "./bulk-store.ts";

/** The project's bulk operations, newest first. */
export async function listBulkOperations(ctx: Context, page: PageRequest): Promise<Page<BulkOperation>> {
  authorise(ctx.actor, "deliveries:read");
  const rows = await selectBulks(ctx.db, ctx.actor, page);
  return pageOf(rows.map(presentBulkOperation), page.limit, (operation) => operation.id);
}

/** The bulk operation with this uuid. Throws NotFoundError when the project has none. */
export async function getBulkOperation(ctx: Context, id: string): Promise<BulkOperation> {
  authorise(ctx.actor, "deliveries:read");
  const row = await selectBulk(ctx.db, ctx.actor, id);
  if (row === undefined) throw new NotFoundError("There is no such bulk operation in this project");
  return presentBulkOperation(row);
}
