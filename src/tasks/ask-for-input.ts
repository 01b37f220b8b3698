import { agentQueue } from "../agents/agent-queue.ts";
import { chargeUsage } from "../budgets/charge-usage.ts";
import { ConflictError, InvalidError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import { compileEventSchema } from "../messages/event-schema.ts";
import { announceTasks, type ChangedTask, type TaskServices } from "./announce-tasks.ts";
import { type Claim, isHeld, lockClaimedTask } from "./held-task.ts";
import type { InputAnswer, InputRequest } from "./input-request.ts";
import { countFreedPlaces, wakeWorkers } from "./wake-workers.ts";
import { leaseLost } from "./worker-refusals.ts";
import { usageReports } from "./usage-reports.ts";

/** What a worker needs to hear before it can go on. */
export interface Question {
  readonly prompt: string;
  /** A JSON Schema of the answer. */
  readonly schema?: object;
  readonly expiresInSeconds?: number;
}

// More is a conversation that does not end by itself.
const maxAnswers = 50;

const suspend = {
  name: "ask_for_input",
  text: `WITH asked AS (
           UPDATE tasks SET state = 'input_required', reason = 'input_required', request = $2, request_expires_at = $3,
                            lease_expires_at = NULL, deadline_at = NULL, updated_at = $4
           WHERE id = $1
           RETURNING id, project_id, agent_id, state, reason, attempt, event, result, error, usage, past_usages, origin, subscriber_id,
                     request
         ), ended AS (
           UPDATE task_attempts a SET ended_at = $4, outcome = 'input_required', usage = asked.usage
           FROM asked WHERE a.task_id = asked.id AND a.attempt = asked.attempt AND a.ended_at IS NULL
         )
         SELECT * FROM asked`,
};

const selectAnswers = { name: "select_answers", text: "SELECT answers FROM tasks WHERE id = $1" };

async function requireRoom(tx: Transaction, taskId: string): Promise<void> {
  const [row] = await tx.query<{ answers: readonly InputAnswer[] | null }>(selectAnswers, [taskId]);
  if ((row?.answers ?? []).length >= maxAnswers)
    throw new ConflictError("too_many_questions", `A task may ask ${maxAnswers} times; complete or fail it instead.`);
}

/**
 * Has a leased task wait for a person's answer: the attempt ends without being a failure, its place is free for other work,
 * and a message says what is asked. The same call again answers the same. Throws InvalidError for a schema that is none,
 * ConflictError `lease_lost` when the lease no longer holds, `too_many_questions` for the 51st.
 */
export async function askForInput(
  services: TaskServices,
  claim: Claim,
  { prompt, schema, expiresInSeconds }: Question,
): Promise<{ readonly state: "input_required" }> {
  const compiled = schema === undefined ? undefined : compileEventSchema(schema);
  if (compiled?.ok === false)
    throw new InvalidError(`schema ${compiled.message}`, [{ path: "schema", message: compiled.message }]);
  return await services.db.transaction(async (tx) => {
    const nowMs = services.clock.now();
    const task = await lockClaimedTask(tx, services, claim);
    // Its lease still being the last one, it is this worker that asked.
    if (task.state === "input_required") return { state: "input_required" };
    if (!isHeld(task, nowMs)) throw leaseLost();
    await requireRoom(tx, task.id);
    const request: InputRequest = {
      kind: "input",
      prompt,
      ...(schema === undefined ? {} : { schema }),
      askedAt: new Date(nowMs).toISOString(),
      onExpiry: "fail",
    };
    const expiresAt = expiresInSeconds === undefined ? null : new Date(nowMs + expiresInSeconds * 1000);
    const values = [task.id, JSON.stringify(request), expiresAt, new Date(nowMs)];
    const rows = await tx.query<ChangedTask>(suspend, values);
    await chargeUsage(tx, services, usageReports(rows, false));
    await services.queue.remove(tx, agentQueue(task.agent_id), [task.id]);
    await announceTasks(tx, services, rows);
    await wakeWorkers(tx, services, await countFreedPlaces(tx, services, rows));
    return { state: "input_required" };
  });
}
