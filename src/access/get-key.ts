import { NotFoundError } from "../lib/errors.ts";
import { authorise } from "./actor.ts";
import { type ApiKeyView, presentApiKey } from "./api-key-view.ts";
import type { Context } from "./context.ts";
import { selectProjectApiKey } from "./store.ts";

/** The API key with this uuid. Throws NotFoundError when the project has none. */
export async function getKey(ctx: Context, id: string): Promise<ApiKeyView> {
  authorise(ctx.actor, "keys:read");
  const row = await selectProjectApiKey(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such key in this project");
  return presentApiKey(row);
}
