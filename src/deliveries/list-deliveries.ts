import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type Delivery, presentDelivery } from "./delivery.ts";
import { type DeliveryFilter, selectDeliveries } from "./store.ts";

/** The project's deliveries, newest first. An endpoint or a message of another project has none. */
export async function listDeliveries(ctx: Context, filter: DeliveryFilter, page: PageRequest): Promise<Page<Delivery>> {
  authorise(ctx.actor, "deliveries:read");
  const rows = await selectDeliveries(ctx.db, ctx.actor.projectId, filter, page);
  return pageOf(rows.map(presentDelivery), page.limit, (delivery) => delivery.id);
}
