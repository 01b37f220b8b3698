import { z } from "zod";
import type { Context } from "../access/context.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { cancelTask } from "../tasks/cancel-task.ts";
import { createTask } from "../tasks/create-task.ts";
import { getTask } from "../tasks/get-task.ts";
import { decodeTaskEventCursor, listTaskEvents, taskEventSchema } from "../tasks/list-task-events.ts";
import { listTasks } from "../tasks/list-tasks.ts";
import { retryTask } from "../tasks/retry-task.ts";
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

const newTask = z
  .strictObject({
    agent: z.string().min(1).max(200).describe("The name or id of the agent that gets it."),
    input: z.string().min(1).max(maxInputCharacters).describe("What the agent is told."),
    parameters: jsonObjectSchema.exactOptional().describe("Passed on with the task."),
    priority: z.int().min(-2_147_483_647).max(2_147_483_647).exactOptional().describe("Higher goes first; absent: 0."),
    startAfter: moment.exactOptional().describe("It is not leased before this time."),
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
        ...pageQuery("task"),
      }),
      responses: { 200: { description: "A page, newest first.", schema: pageSchema(taskSummarySchema) } },
      async handle(ctx, { query: { state, agent, sourceEventId, ...page } }) {
        return { status: 200, body: await listTasks(ctx, { state, agent, eventId: sourceEventId }, page) };
      },
    }),

    operation({
      method: "post",
      path,
      summary: "Give an agent a task",
      tag,
      body: newTask,
      freeFields: ["input", "parameters"],
      responses: { 202: { description: "Stored and queued.", schema: taskSchema } },
      async handle(ctx, { body }) {
        const { id } = await createTask(withServices(ctx), body);
        return { status: 202, body: await getTask(ctx, id) };
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
        409: { description: "`task_not_retryable`: it has not ended, or has completed." },
      },
      async handle(ctx, { params: { id } }) {
        await retryTask(withServices(ctx), id);
        return { status: 202, body: await getTask(ctx, id) };
      },
    }),
  ];
}
