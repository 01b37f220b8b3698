import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { selectAgent } from "../agents/store.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { enqueueTasks } from "./enqueue-tasks.ts";
import { findTaskRow, type TaskRow } from "./store.ts";

/** A task asked for by hand or by a program, without an event. */
export interface TaskRequest {
  /** The agent's name or wire id. */
  readonly agent: string;
  readonly input: string;
  readonly parameters?: unknown;
  readonly priority?: number;
  /** Not before this moment. */
  readonly startAfter?: Date;
}

/** Stores a task and queues it. Throws InvalidError (422) naming `agent` when the project has no such agent. */
export async function createTask(ctx: Context & TaskServices, request: TaskRequest): Promise<TaskRow> {
  authorise(ctx.actor, "tasks:create");
  return await ctx.db.transaction(async (tx) => {
    // Locked, so that it cannot be deleted before its task is there to see.
    const named = await selectAgent(tx, ctx.actor.projectId, request.agent, "share");
    const agent = named === undefined ? undefined : await ctx.agents.get(tx, named.id);
    if (agent === undefined)
      throw new InvalidError("There is no such agent.", [{ path: "agent", message: "no agent has this name" }]);
    const id = ctx.newId();
    const { input, parameters, priority = 0, startAfter } = request;
    const later = startAfter === undefined || startAfter.getTime() <= ctx.clock.now() ? {} : { startAfter };
    await enqueueTasks(tx, ctx, [{ id, projectId: agent.projectId, agent, input, parameters, priority, ...later }]);
    await recordAudit(ctx, tx, { action: "task.create", target: toWireId("task", id) });
    const row = await findTaskRow(tx, ctx.actor.projectId, id);
    if (row === undefined) throw new Error("a stored row is gone");
    return row;
  });
}
