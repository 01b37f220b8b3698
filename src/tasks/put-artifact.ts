import { hash } from "node:crypto";
import { toWireId } from "../lib/ids.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { type Claim, lockHeldTask } from "./held-task.ts";

/** A named output, as bytes. */
export interface ArtifactUpload {
  readonly name: string;
  readonly contentType: string;
  readonly content: Buffer;
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

const upsertArtifact = {
  name: "upsert_artifact",
  text: `INSERT INTO artifacts (id, project_id, task_id, name, content_type, size, sha256, content, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (task_id, name) DO UPDATE
           SET content_type = excluded.content_type, size = excluded.size, sha256 = excluded.sha256,
               content = excluded.content, created_at = excluded.created_at
         RETURNING id`,
};

/** Stores an artifact of a leased task; the same name again replaces it. Throws ConflictError `lease_lost`. */
export async function putArtifact(
  services: TaskServices,
  claim: Claim,
  { name, contentType, content }: ArtifactUpload,
): Promise<StoredArtifact> {
  const sha256 = hash("sha256", content, "buffer");
  const size = content.length;
  return await services.db.transaction(async (tx) => {
    const task = await lockHeldTask(tx, services, claim);
    const values = [
      services.newId(),
      task.project_id,
      task.id,
      name,
      contentType,
      size,
      sha256,
      content,
      new Date(services.clock.now()),
    ];
    const [row] = await tx.query<{ id: string }>(upsertArtifact, values);
    if (row === undefined) throw new Error("an upsert that returns its row returned none");
    return { id: toWireId("artifact", row.id), name, contentType, size, sha256: sha256.toString("hex") };
  });
}
