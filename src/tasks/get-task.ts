import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { listTaskMessages } from "../messages/list-task-messages.ts";
import { selectArtifactsOf, selectReportOf } from "./artifact-store.ts";
import { presentArtifact } from "./artifact.ts";
import { reportInResult } from "./report-of-task.ts";
import { selectTask, selectTaskAttempts } from "./store.ts";
import { presentTask, type Task } from "./task.ts";

// Far above what any task has: a bound on the answer, not a page.
const maxAttempts = 500;
const maxArtifacts = 1_000;

/** The task with this uuid, its attempts, artifacts and messages. Throws NotFoundError when the project has none. */
export async function getTask(ctx: Context, id: string): Promise<Task> {
  authorise(ctx.actor, "tasks:read");
  const { projectId } = ctx.actor;
  const row = await selectTask(ctx.db, projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such task in this project");
  const attempts = await selectTaskAttempts(ctx.db, [id], maxAttempts);
  const artifacts = await selectArtifactsOf(ctx.db, projectId, [id], maxArtifacts);
  const messages = await listTaskMessages(ctx, id);
  const report = reportInResult(row.result) ?? (artifacts.length > 0 ? await selectReportOf(ctx.db, id) : undefined);
  return presentTask(row, {
    attempts,
    artifacts: artifacts.map((artifact) => presentArtifact(artifact, ctx.publicUrl())),
    messages,
    report,
  });
}
