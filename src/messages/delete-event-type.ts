import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { deleteEventTypeRow } from "./event-type-store.ts";

/** Takes an event type out of the catalogue: its messages are no longer checked. Throws NotFoundError when there is none. */
export async function deleteEventType(ctx: Context, name: string): Promise<void> {
  authorise(ctx.actor, "eventTypes:write");
  await ctx.db.transaction(async (tx) => {
    if (!(await deleteEventTypeRow(tx, ctx.actor.projectId, name)))
      throw new NotFoundError("There is no such event type in this project");
    await recordAudit(ctx, tx, { action: "event-type.delete", detail: { name } });
  });
}
