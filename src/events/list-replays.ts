import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { presentReplay, type Replay } from "./replay.ts";
import { selectReplays } from "./replay-store.ts";

/** The project's replays, newest first. */
export async function listReplays(ctx: Context, page: PageRequest): Promise<Page<Replay>> {
  authorise(ctx.actor, "events:read");
  const rows = await selectReplays(ctx.db, ctx.actor.projectId, page);
  return pageOf(rows.map(presentReplay), page.limit, (replay) => replay.id);
}
