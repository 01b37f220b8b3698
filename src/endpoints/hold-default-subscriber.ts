import type { Context } from "../access/context.ts";
import { ConflictError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import { insertSubscriber, selectSubscriber, type SubscriberRow } from "./store.ts";

/** The project's default subscriber, made when it is first needed, and kept from being deleted until the transaction ends. */
export async function holdDefaultSubscriber(ctx: Context, tx: Transaction): Promise<SubscriberRow> {
  const { projectId } = ctx.actor;
  const existing = await selectSubscriber(tx, { projectId }, "default", "share");
  if (existing !== undefined) return existing;
  // When another transaction is making it, this waits for that one to commit and then does nothing.
  await insertSubscriber(tx, {
    id: ctx.newId(),
    project_id: projectId,
    name: "Default",
    external_id: null,
    is_default: true,
    created_at: new Date(ctx.clock.now()),
    deleted_at: null,
  });
  const made = await selectSubscriber(tx, { projectId }, "default", "share");
  if (made !== undefined) return made;
  throw new ConflictError("subscriber_deleted", "The default subscriber has just been deleted; try again");
}
