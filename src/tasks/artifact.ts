import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import type { ArtifactRow } from "./artifact-store.ts";
import { reportSchema } from "./parse-report.ts";

/** An artifact as the API shows it. */
export const artifactSchema = z
  .object({
    id: z.string(),
    taskId: z.string(),
    agent: z.string().describe("The name of the agent that made it."),
    name: z.string().describe("Unique within its task."),
    contentType: z.string(),
    title: z.string().exactOptional(),
    path: z.string().exactOptional().describe("Where it belongs among others; safe below any directory."),
    metadata: jsonObjectSchema.exactOptional(),
    report: reportSchema.exactOptional().describe("Where it follows the report template; not in lists."),
    size: z.int().describe("In bytes."),
    sha256: z.string().describe("Of the content, in hexadecimal."),
    contentUrl: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime().describe("When its content was stored last."),
  })
  .meta({ id: "Artifact" });

export type Artifact = z.infer<typeof artifactSchema>;

/** The public form of a stored artifact. */
export function presentArtifact(row: ArtifactRow & { readonly report?: unknown }, publicUrl: string): Artifact {
  const id = toWireId("artifact", row.id);
  const { report } = row;
  return {
    id,
    taskId: toWireId("task", row.task_id),
    agent: row.agent_name,
    name: row.name,
    contentType: row.content_type,
    ...(row.title === null ? {} : { title: row.title }),
    ...(row.path === null ? {} : { path: row.path }),
    ...(row.metadata === null ? {} : { metadata: row.metadata }),
    ...(report === undefined || report === null ? {} : { report }),
    size: row.size,
    sha256: row.sha256.toString("hex"),
    contentUrl: `${publicUrl}/api/v1/artifacts/${id}/content`,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
