import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { presentDecision } from "../routing/decision.ts";
import { selectDecisions } from "../routing/decision-store.ts";
import { listTasks } from "../tasks/list-tasks.ts";
import { type EventDetail, presentEvent } from "./event.ts";
import { selectEventReplays } from "./replay-store.ts";
import { selectEvent } from "./store.ts";

const maxTasks = 200;
const maxDecisions = 200;
const maxReplays = 20;

/** The event with this uuid, the tasks that it caused and what routes made of it. Throws NotFoundError when the project has none. */
export async function getEvent(ctx: Context, id: string): Promise<EventDetail> {
  authorise(ctx.actor, "events:read");
  const row = await selectEvent(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such event in this project");
  const tasks = await listTasks(ctx, { eventId: id }, { limit: maxTasks });
  const decisions = await selectDecisions(ctx.db, id, maxDecisions);
  const replays = await selectEventReplays(ctx.db, id, maxReplays);
  return {
    ...presentEvent(row, ctx.publicUrl()),
    tasks: tasks.data.map((task) => ({ id: task.id, agent: task.agent, state: task.state })),
    decisions: decisions.map(presentDecision),
    replays: replays.map((replay) => ({
      id: toWireId("replay", replay.replay_id),
      generation: replay.generation,
      replayedAt: replay.replayed_at.toISOString(),
    })),
  };
}
