import { z } from "zod";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import { createSchedule, newSchedule } from "../schedules/create-schedule.ts";
import { deleteSchedule } from "../schedules/delete-schedule.ts";
import { getSchedule } from "../schedules/get-schedule.ts";
import { listSchedules } from "../schedules/list-schedules.ts";
import { runSchedule } from "../schedules/run-schedule.ts";
import { scheduleSchema } from "../schedules/schedule.ts";
import { scheduleChanges, updateSchedule } from "../schedules/update-schedule.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { type Operation, operation } from "./operation.ts";
import { pageQuery, pageSchema } from "./pagination.ts";

const tag = "Schedules";
const path = "/api/v1/schedules";
const params = z.strictObject({ id: wireIdSchema("schedule") });
const missing = { description: "The project has no such schedule." };
// Stored as json, as of a route.
const freeFields = ["task"];

/** The calls on schedules. */
export function scheduleOperations(services: TaskServices): readonly Operation[] {
  return [
    operation({
      method: "post",
      path,
      summary: "Add a schedule that makes tasks for an agent",
      tag,
      body: newSchedule,
      freeFields,
      responses: { 201: { description: "The schedule.", schema: scheduleSchema } },
      handle: async (ctx, { body }) => ({ status: 201, body: await createSchedule(ctx, body) }),
    }),
    operation({
      method: "get",
      path,
      summary: "List schedules",
      tag,
      query: z.strictObject(pageQuery("schedule")),
      responses: { 200: { description: "A page, newest first.", schema: pageSchema(scheduleSchema) } },
      handle: async (ctx, { query }) => ({ status: 200, body: await listSchedules(ctx, query) }),
    }),
    operation({
      method: "get",
      path: `${path}/{id}`,
      summary: "Read a schedule",
      tag,
      params,
      responses: { 200: { description: "The schedule.", schema: scheduleSchema }, 404: missing },
      handle: async (ctx, { params: { id } }) => ({ status: 200, body: await getSchedule(ctx, id) }),
    }),
    operation({
      method: "patch",
      path: `${path}/{id}`,
      summary: "Change a schedule, or switch it on or off",
      tag,
      params,
      body: scheduleChanges,
      freeFields,
      responses: { 200: { description: "The schedule as it is now.", schema: scheduleSchema }, 404: missing },
      handle: async (ctx, { params: { id }, body }) => ({ status: 200, body: await updateSchedule(ctx, id, body) }),
    }),
    operation({
      method: "delete",
      path: `${path}/{id}`,
      summary: "Delete a schedule",
      tag,
      params,
      responses: { 204: { description: "Deleted; tasks that it made stay." }, 404: missing },
      async handle(ctx, { params: { id } }) {
        await deleteSchedule(ctx, id);
        return { status: 204 };
      },
    }),
    operation({
      method: "post",
      path: `${path}/{id}/run`,
      summary: "Make a schedule's task now",
      tag,
      params,
      responses: {
        202: { description: "The task is queued.", schema: z.object({ taskId: z.string() }) },
        404: missing,
        409: { description: "Its agent was deleted." },
      },
      handle: async (ctx, { params: { id } }) => ({
        status: 202,
        body: await runSchedule({ ...services, ...ctx }, id),
      }),
    }),
  ];
}
