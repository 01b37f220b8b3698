import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { NotFoundError } from "../lib/errors.ts";
import { selectArtifactContent } from "./artifact-store.ts";

/** What was uploaded, as it was uploaded. */
export interface ArtifactContent {
  readonly name: string;
  readonly contentType: string;
  /** Of the bytes, in hexadecimal. */
  readonly sha256: string;
  readonly bytes: Buffer;
}

/**
 * The content of the artifact with this uuid. Throws NotFoundError when the project has none, and UnavailableError
 * `content_missing` when its content is not where it was stored.
 */
export async function getArtifactContent(ctx: Context, id: string): Promise<ArtifactContent> {
  authorise(ctx.actor, "artifacts:read");
  const row = await selectArtifactContent(ctx.db, ctx.actor.projectId, id);
  if (row === undefined) throw new NotFoundError("There is no such artifact in this project");
  const bytes = await ctx.contents.get(row);
  return { name: row.name, contentType: row.content_type, sha256: row.sha256.toString("hex"), bytes };
}
