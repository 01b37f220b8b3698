import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { selectSubscriber } from "./store.ts";
import { presentSubscriber, type Subscriber } from "./subscriber.ts";

/** The subscriber with this uuid. Throws NotFoundError when the project has none. */
export async function getSubscriber(ctx: Context, id: string): Promise<Subscriber> {
  authorise(ctx.actor, "subscribers:read");
  const row = await selectSubscriber(ctx.db, ctx.actor, { id });
  if (row === undefined) throw new NotFoundError("There is no such subscriber in this project");
  return presentSubscriber(row);
}
