import { z } from "zod";
import type { Context } from "../access/context.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { cancelTask } from "../tasks/cancel-task.ts";
import { createTask } from "../tasks/create-task.ts";
import { getTask } from "../tasks/get-task.ts";
import { decodeTaskEventCursor, listTaskEvents, taskEventSchema } from "../tasks/list-task-events.ts";
import { approvalInput } from "../tasks/input-request.ts";
import { label, labelsSchema } from "../tasks/labels.ts";
import { listTasks } from "../tasks/list-tasks.ts";
import { retryTask } from "../tasks/retry-task.ts";
import { requestedKeysSchema } from "../tasks/requested-keys.ts";
import { skipTask } from "../tasks/skip-task.ts";
import { taskStates } from "../tasks/task-state.ts";
import { taskSchema, taskSummarySchema } from "../tasks/task.ts";
import { moment } from "./moment.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Tasks";
const path = "/api/v1/tasks";
const params = z.strictObject({ id: wireIdSchema("task") });
const missing = { description: "The project has no such task." };

// A route's rendered input has the same limit.
const maxInputCharacters = 262_144;

// Their results are all handed to whoever leases it.
const maxDependencies = 100;

const newTask = z
  .strictObject({
    agent: z.string().min(1).max(200).exactOptional().describe("The name or id of the agent that gets it."),
    capability: storableText(200)
      .min(1)
      .exactOptional()
      .describe("Instead of `agent`: the agent with this capability that has least to do gets it."),
    input: z.string().min(1).max(maxInputCharacters).describe("What the agent is told."),
    parameters: jsonObjectSchema.exactOptional().describe("Passed on with the task."),
    priority: z.int().min(-2_147_483_647).max(2_147_483_647).exactOptional().describe("Higher goes first; absent: 0."),
    startAfter: moment.exactOptional().describe("It is not leased before this time."),
    keys: requestedKeysSchema.exactOptional().describe("What it shares with other tasks that calls gave this agent."),
    dependsOn: z
      .array(wireIdSchema("task"))
      .min(1)
      .max(maxDependencies)
      .refine((ids) => new Set(ids).size === ids.length, { error: "must not name a task twice" })
      .exactOptional()
      .describe("It starts when all of these have completed, and fails when one of them does not."),
    approval: approvalInput.exactOptional(),
    labels: labelsSchema.exactOptional(),
    parentTaskId: wireIdSchema("task").exactOptional().describe("The task as part of whose work it is asked for."),
  })
  .meta({ id: "NewTask" });

const eventsQuery = z.strictObject({
  limit: pageQuery("task").limit,
  cursor: z
    .string()
    .max(200)
    .transform((text, ctx) => {
      const position = decodeTaskEventCursor(text);
      if (position !== undefined) return position;
      ctx.addIssue({ code: "custom", message: "must be the nextCursor of an earlier page of this list" });
      return z.NEVER;
    })
    .optional()
    .describe("The `nextCursor` of the page before."),
});

/** The calls on tasks. */
export function taskOperations(services: TaskServices): readonly Operation[] {
  const withServices = (ctx: Context): Context & TaskServices => ({ ...services, ...ctx });
  return [
    operation({
      method: "get",
      path,
      summary: "List tasks",
      tag,
      query: z.strictObject({
        state: z.enum(taskStates).optional(),
        agent: z.string().max(200).optional().describe("The name or id of an agent."),
        sourceEventId: wireIdSchema("event").optional().describe("Only the tasks that this event caused."),
        label: label.optional(),
        ...pageQuery("task"),
      }),
      responses: { 200: { description: "A page, newest first.", schema: pageSchema(taskSummarySchema) } },
      async handle(ctx, { query: { state, agent, sourceEventId, label, ...page } }) {
        return { status: 200, body: await listTasks(ctx, { state, agent, eventId: sourceEventId, label }, page) };
      },
    }),

    operation({
      method: "post",
      path,
      summary: "Give an agent a task",
      tag,
      body: newTask,
      freeFields: ["input", "parameters"],
      responses: {
        200: { description: "Not made: this task has its dedupe key.", schema: taskSchema },
        202: { description: "Stored, and queued unless it has to wait.", schema: taskSchema },
        409: { description: "`concurrency_dropped`: its key has no room. `budget_exceeded`: its budget has none." },
      },
      async handle(ctx, { body }) {
        const { taskId, isNew } = await createTask(withServices(ctx), body);
        return { status: isNew ? 202 : 200, body: await getTask(ctx, taskId) };
      },
    }),

    operation({
      method: "get",
      path: `${path}/{id}`,
      summary: "Read a task with its attempts, artifacts and messages",
      tag,
      params,
      responses: { 200: { description: "The task.", schema: taskSchema }, 404: missing },
      handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getTask(ctx, id) }),
    }),

    operation({
      method: "get",
      path: `${path}/{id}/events`,
      summary: "List what workers reported of a task",
      tag,
      params,
      query: eventsQuery,
      responses: { 200: { description: "A page, newest first.", schema: pageSchema(taskEventSchema) }, 404: missing },
      handle: async (ctx, { params: { id }, query }) => ({ status: 200, body: await listTaskEvents(ctx, id, query) }),
    }),

    operation({
      method: "post",
      path: `${path}/{id}/cancel`,
      summary: "Cancel a task that has not ended",
      tag,
      params,
      responses: {
        200: { description: "The task, canceled now or before.", schema: taskSchema },
        404: missing,
        409: { description: "`task_settled`: it has ended otherwise." },
      },
      async handle(ctx, { params: { id } }) {
        await cancelTask(withServices(ctx), id);
        return { status: 200, body: await getTask(ctx, id) };
      },
    }),

    operation({
      method: "post",
      path: `${path}/{id}/retry`,
      summary: "Have a task done again that failed, was canceled or rejected",
      tag,
      params,
      responses: {
        202: { description: "The task, submitted again with all its attempts ahead of it.", schema: taskSchema },
        404: missing,
        409: {
          description:
            "`task_not_retryable`: it has not ended, or has completed. `dependency_failed`, `duplicate_key`, `agent_deleted`: what it needs is not there.",
        },
        410: { description: "`task_erased`: its event was erased, and with it what the task was made of." },
      },
      async handle(ctx, { params: { id } }) {
        await retryTask(withServices(ctx), id);
        return { status: 202, body: await getTask(ctx, id) };
      },
    }),

    operation({
      method: "post",
      path: `${path}/{id}/skip`,
      summary: "Let the tasks behind a failed one go on that blocks its order",
      tag,
      params,
      responses: {
        200: { description: "The failed task, which holds up nothing any more.", schema: taskSchema },
        404: missing,
        409: { description: "`not_blocking`: no task waits for it." },
      },
      async handle(ctx, { params: { id } }) {
        await skipTask(withServices(ctx), id);
        return { status: 200, body: await getTask(ctx, id) };
      },
    }),
  ];
}
