import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type BulkOperation, presentBulkOperation } from "./bulk-operation.ts";
import { selectBulks } from "./bulk-store.ts";

/** The project's bulk operations, newest first. */
export async function listBulkOperations(ctx: Context, page: PageRequest): Promise<Page<BulkOperation>> {
  authorise(ctx.actor, "deliveries:read");
  const rows = await selectBulks(ctx.db, ctx.actor, page);
  return pageOf(rows.map(presentBulkOperation), page.limit, (operation) => operation.id);
}
