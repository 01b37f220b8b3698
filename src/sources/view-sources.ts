import type { Context } from "../access/context.ts";
import type { Executor } from "../platform/database.ts";
import { presentSource, type Source } from "./source.ts";
import { selectLiveSourceSecrets, selectRejectingSince, type SourceRow } from "./store.ts";

/** The public form of these sources, with the times of their live secrets and their health as `db` has them. */
export async function viewSources(ctx: Context, db: Executor, rows: readonly SourceRow[]): Promise<Source[]> {
  const ids = rows.map((row) => row.id);
  const secrets = await selectLiveSourceSecrets(db, ids, new Date(ctx.clock.now()));
  const secretsOf = Map.groupBy(secrets, (secret) => secret.source_id);
  const rejecting = await selectRejectingSince(db, ids);
  const publicUrl = ctx.publicUrl();
  return rows.map((row) =>
    presentSource(row, { secrets: secretsOf.get(row.id) ?? [], rejectingSince: rejecting.get(row.id), publicUrl }),
  );
}

/** The public form of one source. */
export async function viewSource(ctx: Context, db: Executor, row: SourceRow): Promise<Source> {
  const [source] = await viewSources(ctx, db, [row]);
  if (source === undefined) throw new Error("A source has no view");
  return source;
}
