import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { getRetention } from "./get-retention.ts";
import type { Retention, RetentionChange } from "./retention.ts";
import { saveRetention } from "./retention-store.ts";

/**
 * Sets how long the project keeps what has ended; the next maintenance, within the hour, removes what is older. Throws
 * InvalidError for more days than the hub keeps anything.
 */
export async function setRetention(ctx: Context, { days }: RetentionChange): Promise<Retention> {
  authorise(ctx.actor, "retention:write");
  const maximumDays = ctx.settings.retention.days;
  if (days !== undefined && days > maximumDays) {
    const message = `must be ${maximumDays} at most: the hub keeps nothing for longer`;
    throw new InvalidError("The retention is not valid", [{ path: "days", message }]);
  }
  const { projectId } = ctx.actor;
  await ctx.db.transaction(async (tx) => {
    await saveRetention(tx, projectId, days, new Date(ctx.clock.now()));
    const detail = days === undefined ? { isDefault: true } : { days };
    await recordAudit(ctx, tx, { action: "retention.set", target: toWireId("project", projectId), detail });
  });
  return await getRetention(ctx);
}
