import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { selectArtifactContent } from "./artifact-store.ts";

/** What a worker uploaded, as it was uploaded. */
export interface ArtifactContent {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The content of the artifact with this uuid. Throws NotFoundError when the project has none. */
export async function getArtifactContent(ctx: Context, id: string): Promise<ArtifactContent> {
  authorise(ctx.actor, "artifacts:read");
  const row = await selectArtifactContent(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such artifact in this project");
  return { name: row.name, contentType: row.content_type, bytes: row.content };
}
