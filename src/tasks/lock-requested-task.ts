import type { Context } from "../access/context.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import type { InputAnswer, InputRequest } from "./input-request.ts";
import type { TaskState } from "./task-state.ts";

/** A task that waits for a person, locked until the transaction ends. */
export interface RequestedTask {
  readonly id: string;
  readonly request: InputRequest;
  readonly answers: readonly InputAnswer[];
  readonly attempts_charged: number;
  readonly result: unknown;
}

interface LockedRow extends Omit<RequestedTask, "request" | "answers"> {
  readonly state: TaskState;
  readonly request: InputRequest | null;
  readonly answers: readonly InputAnswer[] | null;
}

const lockTask = {
  name: "lock_requested_task",
  text: `SELECT id, state, request, answers, attempts_charged, result FROM tasks
         WHERE id = $1 AND project_id = $2 FOR UPDATE`,
};

/**
 * Locks the task that a person speaks about. Throws NotFoundError when the project has none, ConflictError
 * `not_waiting_for_input` or `not_waiting_for_approval` when it does not wait for that.
 */
export async function lockRequestedTask(
  tx: Transaction,
  { actor }: Context,
  taskId: string,
  kind: InputRequest["kind"],
): Promise<RequestedTask> {
  const [row] = await tx.query<LockedRow>(lockTask, [taskId, actor.projectId]);
  if (row === undefined) throw new NotFoundError("There is no such task in this project.");
  const { state, request, answers, ...task } = row;
  if (state !== "input_required" || request?.kind !== kind) {
    const what = kind === "input" ? "an answer" : "an approval";
    throw new ConflictError(`not_waiting_for_${kind}`, `The task is ${state}; it does not wait for ${what}.`);
  }
  return { ...task, request, answers: answers ?? [] };
}
