import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { readActivity } from "./agent-activity.ts";
import { type Agent, presentAgent } from "./agent.ts";
import { announcePause } from "./announce-pause.ts";
import { type AgentRow, selectAgent, updateAgentRow } from "./store.ts";

const resumed = { paused_at: null, paused_reason: null, resume_at: null };

async function change(
  ctx: Context,
  nameOrId: string,
  changesOf: (agent: AgentRow) => Parameters<typeof updateAgentRow>[2] | undefined,
): Promise<Agent> {
  authorise(ctx.actor, "agents:pause");
  return await ctx.db.transaction(async (tx) => {
    const agent = await selectAgent(tx, ctx.actor.projectId, nameOrId, "update");
    if (agent === undefined) throw new NotFoundError("There is no such agent in this project");
    const changes = changesOf(agent);
    const activity = (await readActivity(tx, [agent.id])).get(agent.id);
    if (changes === undefined) return presentAgent(agent, activity);
    const row = await updateAgentRow(tx, agent.id, changes);
    const isPause = row.paused_at !== null;
    const action = isPause ? "agent.pause" : "agent.resume";
    const detail = { name: agent.name, ...(isPause ? { reason: row.paused_reason } : {}) };
    await recordAudit(ctx, tx, { action, target: toWireId("agent", agent.id), detail });
    if (isPause) await announcePause(tx, ctx, row);
    else await tx.query({ text: "DELETE FROM agent_failures WHERE agent_id = $1" }, [agent.id]);
    await ctx.signals.emit(tx, "agents", [agent.id]);
    return presentAgent(row, activity);
  });
}

/**
 * Pauses an agent: its tasks wait, none is leased, those under way go on. A pause by its circuit breaker becomes one that
 * only a person ends. Throws NotFoundError when the project has no such agent.
 */
export async function pauseAgent(ctx: Context, nameOrId: string, reason = "manual"): Promise<Agent> {
  return await change(ctx, nameOrId, (agent) => {
    const isPausedForGood = agent.paused_at !== null && agent.paused_reason !== "breaker";
    return isPausedForGood
      ? undefined
      : { paused_at: new Date(ctx.clock.now()), paused_reason: reason, resume_at: null };
  });
}

/** Ends an agent's pause, whatever its reason: workers get its tasks. Throws NotFoundError when there is no such agent. */
export async function resumeAgent(ctx: Context, nameOrId: string): Promise<Agent> {
  return await change(ctx, nameOrId, (agent) => (agent.paused_at === null ? undefined : resumed));
}
