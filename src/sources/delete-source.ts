import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { deleteSourceRow, selectSource } from "./store.ts";

/**
 * Closes a source for good and forgets its secrets; its events stay, and routes bound to it match nothing any more.
 * Throws NotFoundError when the project has no such source.
 */
export async function deleteSource(ctx: Context, id: string): Promise<void> {
  authorise(ctx.actor, "sources:write");
  await ctx.db.transaction(async (tx) => {
    const source = await selectSource(tx, ctx.actor.projectId, id, "update");
    if (source === undefined) throw new NotFoundError("There is no such source in this project");
    await deleteSourceRow(tx, id, new Date(ctx.clock.now()));
    const detail = { name: source.name, provider: source.provider };
    await recordAudit(ctx, tx, { action: "source.delete", target: toWireId("source", id), detail });
    await ctx.signals.emit(tx, "sources", [id]);
  });
}
