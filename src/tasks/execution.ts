import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import type { FullTaskRow, TaskAttemptRow } from "./store.ts";
import type { TaskState } from "./task-state.ts";

const executionStatuses = ["pending", "running", "completed", "failed"] as const;

export type ExecutionStatus = (typeof executionStatuses)[number];

const statusOf: Readonly<Record<TaskState, ExecutionStatus>> = {
  submitted: "pending",
  working: "running",
  input_required: "running",
  auth_required: "running",
  completed: "completed",
  failed: "failed",
  canceled: "failed",
  rejected: "failed",
};

/** A task as agent management APIs know it: four statuses, and names with underscores. */
export const executionSchema = z
  .object({
    id: z.string().describe("The id of the task behind it."),
    agent_name: z.string(),
    status: z.enum(executionStatuses),
    result: z.unknown().describe("Null unless it completed."),
    error: z.string().nullable().describe("Why it failed; null when it has not."),
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    completed_at: z.iso.datetime().nullable(),
  })
  .meta({ id: "Execution" });

export type Execution = z.infer<typeof executionSchema>;

function errorOf(row: FullTaskRow): string {
  const { error, reason, state } = row;
  const message = typeof error === "object" && error !== null && "message" in error ? error.message : undefined;
  return typeof message === "string" ? message : (reason ?? state);
}

/** A stored task and its first attempt as an execution. */
export function presentExecution(row: FullTaskRow, first: TaskAttemptRow | undefined): Execution {
  const status = statusOf[row.state as TaskState];
  return {
    id: toWireId("task", row.id),
    agent_name: row.agent_name,
    status,
    result: status === "completed" ? (row.result ?? null) : null,
    error: status === "failed" ? errorOf(row) : null,
    created_at: row.created_at.toISOString(),
    started_at: first?.started_at.toISOString() ?? null,
    completed_at: row.settled_at?.toISOString() ?? null,
  };
}
