import { hash } from "node:crypto";
import { toWireId } from "../lib/ids.ts";
import { mediaTypeOf } from "../lib/parse-body.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { parseReport } from "./parse-report.ts";

/** A named output, as bytes. */
export interface ArtifactUpload {
  readonly name: string;
  readonly contentType: string;
  readonly content: Buffer;
  readonly title?: string;
  /** Relative, see `artifactDetails`. */
  readonly path?: string;
  readonly metadata?: object;
}

/** What is known of a stored artifact. */
export interface StoredArtifact {
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** The task that an artifact is an output of, locked by the caller. */
export interface ArtifactTask {
  readonly id: string;
  readonly project_id: string;
  readonly agent_id: string;
}

// Its id and its age stay those of the first of its name.
const upsertArtifact = {
  name: "upsert_artifact",
  text: `INSERT INTO artifacts (id, project_id, task_id, agent_id, name, content_type, size, sha256, content, title, path,
                                metadata, report, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
         ON CONFLICT (task_id, name) DO UPDATE
           SET content_type = excluded.content_type, size = excluded.size, sha256 = excluded.sha256,
               content = excluded.content, title = excluded.title, path = excluded.path, metadata = excluded.metadata,
               report = excluded.report, updated_at = excluded.updated_at
         RETURNING id`,
};

// A report is written for people to read; what is larger is something else.
const maxReportBytes = 262_144;

function reportIn({ contentType, content }: ArtifactUpload): string | null {
  if (mediaTypeOf(contentType) !== "text/markdown" || content.length > maxReportBytes) return null;
  const report = parseReport(content.toString("utf8"));
  return report === undefined ? null : JSON.stringify(report);
}

/**
 * Stores an output of the task that `lockTask` answers with, in one transaction; the same name again replaces it. The content
 * is kept before, where it is not kept in the row: a transaction waits for no disk.
 */
export async function storeArtifact(
  services: Services,
  upload: ArtifactUpload,
  lockTask: (tx: Transaction) => Promise<ArtifactTask>,
): Promise<StoredArtifact> {
  const { name, contentType, content, title, path, metadata } = upload;
  const sha256 = hash("sha256", content, "buffer");
  const size = content.length;
  const report = reportIn(upload);
  const kept = await services.contents.put(content, sha256);
  return await services.db.transaction(async (tx) => {
    const task = await lockTask(tx);
    const [row] = await tx.query<{ id: string }>(upsertArtifact, [
      services.newId(),
      task.project_id,
      task.id,
      task.agent_id,
      name,
      contentType,
      size,
      sha256,
      kept,
      title ?? null,
      path ?? null,
      metadata === undefined ? null : JSON.stringify(metadata),
      report,
      new Date(services.clock.now()),
    ]);
    if (row === undefined) throw new Error("an upsert that returns its row returned none");
    return { id: toWireId("artifact", row.id), name, contentType, size, sha256: sha256.toString("hex") };
  });
}
