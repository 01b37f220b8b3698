import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { wireActorId } from "../access/wire-actor-id.ts";
import { InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { compileEventSchema } from "../messages/event-schema.ts";
import type { TaskServices } from "./announce-tasks.ts";
import type { InputAnswer } from "./input-request.ts";
import { lockRequestedTask } from "./lock-requested-task.ts";
import { requeueTasks } from "./requeue-tasks.ts";

const storeAnswers = {
  name: "store_answers",
  text: "UPDATE tasks SET answers = $2, request = NULL, request_expires_at = NULL WHERE id = $1",
};

function requireFitting(schema: object | undefined, data: unknown): void {
  if (schema === undefined) return;
  const compiled = compileEventSchema(schema);
  if (!compiled.ok) throw new Error(`a stored schema does not compile any more: ${compiled.message}`);
  // Validators of messages are asked about objects; those of answers about anything.
  const errors = compiled.validate(data as object);
  if (errors.length > 0) throw new InvalidError("The answer is not what was asked for", [...errors]);
}

/**
 * Answers the question of a task, which then waits for a worker again, in the same session and with the answers beside it.
 * Throws ConflictError `not_waiting_for_input` when it asks nothing, InvalidError for data that its schema does not take.
 */
export async function answerTask(ctx: Context & TaskServices, taskId: string, data: unknown): Promise<void> {
  authorise(ctx.actor, "tasks:answer");
  await ctx.db.transaction(async (tx) => {
    const task = await lockRequestedTask(tx, ctx, taskId, "input");
    const { prompt, schema, askedAt } = task.request;
    requireFitting(schema, data);
    const answer: InputAnswer = {
      prompt,
      data,
      askedAt,
      answeredAt: new Date(ctx.clock.now()).toISOString(),
      answeredBy: wireActorId(ctx.actor.id),
    };
    await tx.query(storeAnswers, [taskId, JSON.stringify([...task.answers, answer])]);
    // The attempt that asked was none that failed.
    await requeueTasks(tx, ctx, [{ taskId, attemptsCharged: task.attempts_charged - 1, reason: "answered" }]);
    await recordAudit(ctx, tx, { action: "task.answer", target: toWireId("task", taskId) });
  });
}
