import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { type Claim, lockHeldTask } from "./held-task.ts";
import { type ArtifactTask, type ArtifactUpload, storeArtifact, type StoredArtifact } from "./store-artifact.ts";

/** Stores an artifact of a leased task; the same name again replaces it. Throws ConflictError `lease_lost`. */
export async function putArtifact(
  services: TaskServices,
  claim: Claim,
  upload: ArtifactUpload,
): Promise<StoredArtifact> {
  return await storeArtifact(services, upload, (tx) => lockHeldTask(tx, services, claim));
}

const lockTask = {
  name: "lock_task_of_artifact",
  text: `SELECT id, project_id, agent_id FROM tasks WHERE id = $1 AND project_id = $2 FOR UPDATE`,
};

/**
 * Adds an artifact to any task of the project, for a person who works beside the agents; what was announced stays as it was.
 * Throws NotFoundError when the project has no such task.
 */
export async function addArtifact(ctx: Context, taskId: string, upload: ArtifactUpload): Promise<StoredArtifact> {
  authorise(ctx.actor, "artifacts:write");
  return await storeArtifact(ctx, upload, async (tx) => {
    const [task] = await tx.query<ArtifactTask>(lockTask, [taskId, ctx.actor.projectId]);
    if (task === undefined) throw new NotFoundError("There is no such task in this project");
    const detail = { name: upload.name, size: upload.content.length };
    await recordAudit(ctx, tx, { action: "artifact.put", target: toWireId("task", taskId), detail });
    return task;
  });
}
