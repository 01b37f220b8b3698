import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { encodeCursor, type Page, pageOf } from "../lib/cursor.ts";
import { toWireId } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type Delivery, presentDelivery } from "./delivery.ts";
import { type DeliveryFilter, searchDeliveries } from "./delivery-search-store.ts";

/**
 * The project's deliveries, newest first. An endpoint or a message of another project has none. A page may be short, or
 * empty, and still have a next one: what no index finds is looked for among a few thousand deliveries at a time.
 */
export async function listDeliveries(ctx: Context, filter: DeliveryFilter, page: PageRequest): Promise<Page<Delivery>> {
  authorise(ctx.actor, "deliveries:read");
  const { rows, scannedTo } = await searchDeliveries(ctx.db, ctx.actor, filter, page);
  const found = pageOf(rows.map(presentDelivery), page.limit, (delivery) => delivery.id);
  return scannedTo === undefined ? found : { ...found, nextCursor: encodeCursor(toWireId("delivery", scannedTo)) };
}
