import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type Page, pageOf } from "../lib/cursor.ts";
import type { PageRequest } from "../lib/page-request.ts";
import { type ArtifactFilter, selectArtifacts } from "./artifact-store.ts";
import { type Artifact, presentArtifact } from "./artifact.ts";

/** The project's artifacts without their contents, newest first. */
export async function listArtifacts(ctx: Context, filter: ArtifactFilter, page: PageRequest): Promise<Page<Artifact>> {
  authorise(ctx.actor, "artifacts:read");
  const rows = await selectArtifacts(ctx.db, ctx.actor.projectId, filter, page);
  const artifacts = rows.map((row) => presentArtifact(row, ctx.publicUrl()));
  return pageOf(artifacts, page.limit, (artifact) => artifact.id);
}
