import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { eraseMessages } from "../messages/erase-messages.ts";
import type { Transaction } from "../platform/database.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { eraseTasksOf } from "../tasks/erase-tasks.ts";
import type { EventDetail } from "./event.ts";
import { getEvent } from "./get-event.ts";

const lockEvent = {
  text: "SELECT erased_at FROM events WHERE id = $1 AND project_id = $2 FOR UPDATE",
};

const selectUndecided = {
  text: `SELECT 1 WHERE EXISTS (SELECT FROM pending_decisions WHERE event_id = $1)
                     OR EXISTS (SELECT FROM debounced_events WHERE event_id = $1)`,
};

// Said of its tasks so far: what is yet to be said of those that are canceled with it says nothing of the payload.
const selectMessages = {
  text: "SELECT m.id FROM messages m JOIN tasks t ON t.id = m.task_id WHERE t.event_id = $1 ORDER BY m.id",
};

const eraseStatement = {
  text: `WITH decisions AS (UPDATE event_decisions SET detail = NULL WHERE event_id = $1 AND detail IS NOT NULL),
         held AS (
           DELETE FROM held_events h USING events e WHERE e.id = $1 AND h.source_id = e.source_id AND h.event_id = e.id
         )
         UPDATE events SET body = '', headers = '{}', erased_at = $2 WHERE id = $1`,
};

async function eraseIn(tx: Transaction, ctx: Context & TaskServices, id: string): Promise<void> {
  const [event] = await tx.query<{ erased_at: Date | null }>(lockEvent, [id, ctx.actor.projectId]);
  if (event === undefined) throw new NotFoundError("There is no such event in this project");
  if (event.erased_at !== null) return;
  // Before its tasks are looked for: a decision makes one and goes in the same commit.
  if ((await tx.query(selectUndecided, [id])).length > 0)
    throw new ConflictError(
      "event_undecided",
      "A route has yet to decide on this event, or collects it with others; erase it when it has",
      { retryAfterSeconds: 5 },
    );
  const said = await tx.query<{ id: string }>(selectMessages, [id]);
  const tasks = await eraseTasksOf(tx, ctx, id);
  await eraseMessages(
    tx,
    ctx,
    said.map((message) => message.id),
  );
  await tx.query(eraseStatement, [id, new Date(ctx.clock.now())]);
  const detail = { tasks: tasks.length, messages: said.length };
  await recordAudit(ctx, tx, { action: "event.erase", target: toWireId("event", id), detail });
}

/**
 * Takes the body and the headers of an event out of it for good, with what its tasks were made of, what came of them and
 * what was said of that. Tasks that have not ended are canceled, pending deliveries of those messages too. Erasing it twice
 * is erasing it once. Throws NotFoundError when the project has no such event, ConflictError `event_undecided`.
 */
export async function eraseEvent(ctx: Context & TaskServices, id: string): Promise<EventDetail> {
  authorise(ctx.actor, "payloads:erase");
  await ctx.db.transaction((tx) => eraseIn(tx, ctx, id));
  return await getEvent(ctx, id);
}
