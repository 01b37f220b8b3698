import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { authorise } from "./actor.ts";
import { type ApiKeyView, presentApiKey } from "./api-key-view.ts";
import type { Context } from "./context.ts";
import { selectApiKeys } from "./store.ts";

/** The project's API keys, newest first, revoked and expired ones included. */
export async function listKeys(ctx: Context, page: PageRequest): Promise<Page<ApiKeyView>> {
  authorise(ctx.actor, "keys:read");
  const rows = await selectApiKeys(ctx.db, ctx.actor.projectId, page);
  return pageOf(rows.map(presentApiKey), page.limit, (key) => key.id);
}
