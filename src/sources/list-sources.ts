import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Source } from "./source.ts";
import { selectSources } from "./store.ts";
import { viewSources } from "./view-sources.ts";

/** The project's sources, newest first. */
export async function listSources(ctx: Context, page: PageRequest): Promise<Page<Source>> {
  authorise(ctx.actor, "sources:read");
  const rows = await selectSources(ctx.db, ctx.actor.projectId, page);
  return pageOf(await viewSources(ctx, ctx.db, rows), page.limit, (source) => source.id);
}
