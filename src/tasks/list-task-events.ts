import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { encodeCursor, type Page, pageOf } from "../lib/cursor.ts";
import { NotFoundError } from "../lib/errors.ts";
import { selectTaskEvents, selectTasksById, type TaskEventPosition, type TaskEventRow } from "./store.ts";

/** Something a worker reported while it worked, as the API shows it. */
export const taskEventSchema = z
  .object({
    attempt: z.int(),
    seq: z.int().describe("The worker's own count within the attempt."),
    type: z.string(),
    data: z.unknown().optional(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "TaskEvent" });

export type TaskEventView = z.infer<typeof taskEventSchema>;

const positionForm = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,15})$/;

/** What a cursor of this list says; undefined for a text that is no such cursor. These rows have no id to name. */
export function decodeTaskEventCursor(text: string): TaskEventPosition | undefined {
  const decoded = Buffer.from(text, "base64url").toString();
  const [, attempt, seq] = positionForm.exec(decoded) ?? [];
  if (attempt === undefined || seq === undefined || encodeCursor(decoded) !== text) return undefined;
  return { attempt: Number(attempt), seq: Number(seq) };
}

function present(row: TaskEventRow): TaskEventView {
  return {
    attempt: row.attempt,
    seq: Number(row.seq),
    type: row.type,
    ...(row.data === null ? {} : { data: row.data }),
    createdAt: row.created_at.toISOString(),
  };
}

/** What workers reported of the task with this uuid, newest first. Throws NotFoundError when the project has no such task. */
export async function listTaskEvents(
  ctx: Context,
  taskId: string,
  page: { readonly limit: number; readonly cursor?: TaskEventPosition | undefined },
): Promise<Page<TaskEventView>> {
  authorise(ctx.actor, "tasks:read");
  if ((await selectTasksById(ctx.db, ctx.actor.projectId, [taskId])).length === 0)
    throw new NotFoundError("There is no such task in this project");
  const rows = await selectTaskEvents(ctx.db, taskId, page.limit, page.cursor);
  return pageOf(rows.map(present), page.limit, ({ attempt, seq }) => `${attempt}.${seq}`);
}
