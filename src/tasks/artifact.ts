import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import type { ArtifactRow } from "./artifact-store.ts";

/** An artifact as the API shows it. */
export const artifactSchema = z
  .object({
    id: z.string(),
    taskId: z.string(),
    agent: z.string().describe("The name of the agent that made it."),
    name: z.string().describe("Unique within its task."),
    contentType: z.string(),
    size: z.int().describe("In bytes."),
    sha256: z.string().describe("Of the content, in hexadecimal."),
    contentUrl: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Artifact" });

export type Artifact = z.infer<typeof artifactSchema>;

/** The public form of a stored artifact. */
export function presentArtifact(row: ArtifactRow, publicUrl: string): Artifact {
  const id = toWireId("artifact", row.id);
  return {
    id,
    taskId: toWireId("task", row.task_id),
    agent: row.agent_name,
    name: row.name,
    contentType: row.content_type,
    size: row.size,
    sha256: row.sha256.toString("hex"),
    contentUrl: `${publicUrl}/api/v1/artifacts/${id}/content`,
    createdAt: row.created_at.toISOString(),
  };
}
