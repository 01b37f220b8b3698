import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { presentSource, type Source } from "./source.ts";
import { selectLiveSourceSecrets, selectSources } from "./store.ts";

/** The project's sources, newest first. */
export async function listSources(ctx: Context, page: PageRequest): Promise<Page<Source>> {
  authorise(ctx.actor, "sources:read");
  const rows = await selectSources(ctx.db, ctx.actor.projectId, page);
  const ids = rows.map((row) => row.id);
  const secrets = await selectLiveSourceSecrets(ctx.db, ids, new Date(ctx.clock.now()));
  const sources = rows.map((row) => presentSource(row, secrets, ctx.publicUrl()));
  return pageOf(sources, page.limit, (source) => source.id);
}
