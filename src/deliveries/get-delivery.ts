import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { type Delivery, presentDelivery } from "./delivery.ts";
import { selectDelivery } from "./store.ts";

/** The delivery with this uuid. Throws NotFoundError when the project has none. */
export async function getDelivery(ctx: Context, id: string): Promise<Delivery> {
  authorise(ctx.actor, "deliveries:read");
  const row = await selectDelivery(ctx.db, ctx.actor, id);
  if (row === undefined) throw new NotFoundError("There is no such delivery in this project");
  return presentDelivery(row);
}
