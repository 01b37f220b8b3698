import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { selectArtifact } from "./artifact-store.ts";
import { type Artifact, presentArtifact } from "./artifact.ts";

/** The artifact with this uuid, without its content. Throws NotFoundError when the project has none. */
export async function getArtifact(ctx: Context, id: string): Promise<Artifact> {
  authorise(ctx.actor, "artifacts:read");
  const row = await selectArtifact(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such artifact in this project");
  return presentArtifact(row, ctx.publicUrl());
}
