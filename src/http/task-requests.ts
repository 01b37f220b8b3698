import { z } from "zod";
import type { Context } from "../access/context.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { answerTask } from "../tasks/answer-task.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { approveTask, rejectTask } from "../tasks/decide-approval.ts";
import { getTask } from "../tasks/get-task.ts";
import { taskSchema } from "../tasks/task.ts";
import { type Operation, operation } from "./operation.ts";

const tag = "Tasks";
const path = "/api/v1/tasks/{id}";
const params = z.strictObject({ id: wireIdSchema("task") });
const missing = { description: "The project has no such task." };
const words = z.string().max(2_000).exactOptional();
const decision = z.strictObject({ comment: words, reason: words.describe("The same as `comment`.") }).optional();

/** The calls by which people answer tasks that wait for them. */
export function taskRequestOperations(services: TaskServices): readonly Operation[] {
  const withServices = (ctx: Context): Context & TaskServices => ({ ...services, ...ctx });
  return [
    operation({
      method: "post",
      path: `${path}/input`,
      summary: "Answer a task that asks for input",
      tag,
      params,
      body: z.strictObject({ data: z.unknown().describe("What its `schema` says, if it has one.") }),
      freeFields: ["data"],
      responses: {
        202: { description: "It waits for a worker again, with the answer.", schema: taskSchema },
        404: missing,
        409: { description: "`not_waiting_for_input`: it asks for nothing." },
      },
      async handle(ctx, { params: { id }, body }) {
        await answerTask(withServices(ctx), id, body.data);
        return { status: 202, body: await getTask(ctx, id) };
      },
    }),
    operation({
      method: "post",
      path: `${path}/approve`,
      summary: "Let the held result of a task out",
      tag,
      params,
      body: decision,
      responses: {
        200: { description: "Completed, and announced.", schema: taskSchema },
        404: missing,
        409: { description: "`not_waiting_for_approval`: it holds no result." },
      },
      async handle(ctx, { params: { id }, body }) {
        await approveTask(withServices(ctx), id, body?.comment ?? body?.reason);
        return { status: 200, body: await getTask(ctx, id) };
      },
    }),
    operation({
      method: "post",
      path: `${path}/reject`,
      summary: "Refuse the held result of a task",
      tag,
      params,
      body: decision,
      responses: {
        200: { description: "Rejected, with reason `approval_denied`.", schema: taskSchema },
        404: missing,
        409: { description: "`not_waiting_for_approval`: it holds no result." },
      },
      async handle(ctx, { params: { id }, body }) {
        await rejectTask(withServices(ctx), id, body?.comment ?? body?.reason);
        return { status: 200, body: await getTask(ctx, id) };
      },
    }),
  ];
}
