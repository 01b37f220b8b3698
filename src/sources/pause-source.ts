import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Source } from "./source.ts";
import { selectSource, updateSourceRow } from "./store.ts";
import { viewSource } from "./view-sources.ts";

/**
 * Holds a source's events from now on: its senders are answered as ever, and nothing is routed. Throws NotFoundError when
 * the project has no such source.
 */
export async function pauseSource(ctx: Context, id: string): Promise<Source> {
  return await changeIntake(ctx, id, "paused");
}

/**
 * Lets a paused source go on: the events that it held are routed, the oldest first, and then those that come in. Throws
 * NotFoundError when the project has no such source.
 */
export async function resumeSource(ctx: Context, id: string): Promise<Source> {
  return await changeIntake(ctx, id, "resuming");
}

async function changeIntake(ctx: Context, id: string, wanted: "paused" | "resuming"): Promise<Source> {
  authorise(ctx.actor, "sources:pause");
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    const source = await selectSource(tx, ctx.actor.projectId, id, "update");
    if (source === undefined) throw new NotFoundError("There is no such source in this project");
    const changes = wanted === "paused" ? source.intake !== "paused" : source.intake === "paused";
    if (!changes) return await viewSource(ctx, tx, source);
    const row = await updateSourceRow(tx, id, { intake: wanted, updated_at: now });
    const action = wanted === "paused" ? "source.pause" : "source.resume";
    await recordAudit(ctx, tx, { action, target: toWireId("source", id) });
    await ctx.signals.emit(tx, "sources", [id]);
    return await viewSource(ctx, tx, row);
  });
}
