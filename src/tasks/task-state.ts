/** The states of a task: A2A's, in lower case (DESIGN, "Words"). */
export const taskStates = [
  "submitted",
  "working",
  "input_required",
  "auth_required",
  "completed",
  "failed",
  "canceled",
  "rejected",
] as const;

/** Where a task stands. */
export type TaskState = (typeof taskStates)[number];

/**
 * The legal moves. `submitted` waits in the queue; a lease makes it `working`; a released, lapsed or retryable attempt
 * goes back, and so does an answered question. A result that waits for approval is `input_required` too. A terminal state is left only by a person's redrive, and a completed task never: its result is out.
 */
const moves: Readonly<Record<TaskState, readonly TaskState[]>> = {
  submitted: ["working", "canceled", "failed", "rejected"],
  working: ["submitted", "input_required", "auth_required", "completed", "failed", "canceled", "rejected"],
  input_required: ["submitted", "completed", "canceled", "failed", "rejected"],
  auth_required: ["submitted", "canceled", "failed"],
  completed: [],
  failed: ["submitted"],
  canceled: ["submitted"],
  rejected: ["submitted"],
};

const terminal: ReadonlySet<TaskState> = new Set(["completed", "failed", "canceled", "rejected"]);

/** Whether a task may go from one state to the other. */
export function mayMove(from: TaskState, to: TaskState): boolean {
  return moves[from].includes(to);
}

/** Whether work on the task has ended. */
export function isTerminal(state: TaskState): boolean {
  return terminal.has(state);
}

/** The states that may go to this one: the condition of the statement that moves a task there. */
export function statesBefore(to: TaskState): TaskState[] {
  return taskStates.filter((from) => mayMove(from, to));
}
