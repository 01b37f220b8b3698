import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import { NotFoundError } from "../lib/errors.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type Attempt, presentAttempt } from "./attempt.ts";
import { selectAttempts, selectDelivery } from "./store.ts";

/** The attempts at the delivery with this uuid, newest first. Throws NotFoundError when the project has no such delivery. */
export async function listAttempts(ctx: Context, deliveryId: string, page: PageRequest): Promise<Page<Attempt>> {
  authorise(ctx.actor, "deliveries:read");
  const delivery = await selectDelivery(ctx.db, ctx.actor, deliveryId);
  if (delivery === undefined) throw new NotFoundError("There is no such delivery in this project");
  const rows = await selectAttempts(ctx.db, delivery, page);
  return pageOf(rows.map(presentAttempt), page.limit, (attempt) => attempt.id);
}
