import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { presentSource, type Source } from "./source.ts";
import { selectLiveSourceSecrets, selectSource } from "./store.ts";

/** The source with this uuid. Throws NotFoundError when the project has none. */
export async function getSource(ctx: Context, id: string): Promise<Source> {
  authorise(ctx.actor, "sources:read");
  const row = await selectSource(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such source in this project");
  const secrets = await selectLiveSourceSecrets(ctx.db, [id], new Date(ctx.clock.now()));
  return presentSource(row, secrets, ctx.publicUrl());
}
