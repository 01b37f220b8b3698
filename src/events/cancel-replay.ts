import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { presentReplay, type Replay } from "./replay.ts";
import { selectReplay, updateReplayRow } from "./replay-store.ts";

/**
 * Ends a replay: no further event is routed once this has answered; tasks that it made stay. Throws ConflictError
 * `replay_ended` for one that does not run any more.
 */
export async function cancelReplay(ctx: Context, id: string): Promise<Replay> {
  authorise(ctx.actor, "events:replay");
  return await ctx.db.transaction(async (tx) => {
    const replay = await selectReplay(tx, ctx.actor.projectId, id, "update");
    if (replay === undefined) throw new NotFoundError("There is no such replay in this project");
    if (replay.state !== "running") throw new ConflictError("replay_ended", `The replay is ${replay.state} already`);
    const now = new Date(ctx.clock.now());
    const row = await updateReplayRow(tx, id, { state: "canceled", updated_at: now, ended_at: now });
    await recordAudit(ctx, tx, { action: "replay.cancel", target: toWireId("replay", id) });
    return presentReplay(row);
  });
}
