import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Message, presentMessage } from "./message.ts";
import { selectMessagesOf } from "./store.ts";

// A task says at most a few things an attempt: a bound on the answer, not a page.
const maxMessages = 500;

/** What was said of the task with this uuid, oldest first. */
export async function listTaskMessages(ctx: Context, taskId: string): Promise<Message[]> {
  authorise(ctx.actor, "messages:read");
  const rows = await selectMessagesOf(ctx.db, ctx.actor.projectId, [taskId], maxMessages);
  return rows.map(presentMessage);
}
