import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { hasEnabledRoutes } from "../routing/store.ts";
import { hasOpenTasks, selectAgent, updateAgentRow } from "./store.ts";

/**
 * Takes an agent out of use; its tasks stay readable. Throws ConflictError `agent_in_use` while an enabled route points at
 * it or a task of it has not ended, since nobody could work on that any more, and NotFoundError when there is no such agent.
 */
export async function deleteAgent(ctx: Context, nameOrId: string): Promise<void> {
  authorise(ctx.actor, "agents:write");
  await ctx.db.transaction(async (tx) => {
    const agent = await selectAgent(tx, ctx.actor.projectId, nameOrId, "update");
    if (agent === undefined) throw new NotFoundError("There is no such agent in this project");
    if (await hasEnabledRoutes(tx, agent.id))
      throw new ConflictError(
        "agent_in_use",
        "An enabled route points at this agent; disable or delete the route first",
      );
    if (await hasOpenTasks(tx, agent.id))
      throw new ConflictError(
        "agent_in_use",
        "This agent has tasks that have not ended; let them end or cancel them first",
      );
    await updateAgentRow(tx, agent.id, { deleted_at: new Date(ctx.clock.now()) });
    const target = toWireId("agent", agent.id);
    await recordAudit(ctx, tx, { action: "agent.delete", target, detail: { name: agent.name } });
    await ctx.signals.emit(tx, "agents", [agent.id]);
  });
}
