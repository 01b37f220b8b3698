import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import type { Report } from "./parse-report.ts";

interface ArtifactRow {
  readonly id: string;
  readonly task_id: string;
  readonly name: string;
  readonly content_type: string;
  readonly size: number;
  readonly sha256: Buffer;
  readonly title: string | null;
  readonly path: string | null;
  readonly metadata: object | null;
  readonly report: Report | null;
}

/** What an announcement says of a task's artifacts. */
export interface AnnouncedArtifacts {
  /** In the order of their making. */
  readonly artifacts: readonly object[];
  /** That of the last one that is one. */
  readonly report: Report | undefined;
}

const selectArtifacts = {
  name: "artifacts_of_tasks",
  text: `SELECT id, task_id, name, content_type, size, sha256, title, path, metadata, report
         FROM artifacts WHERE task_id = ANY ($1) ORDER BY id`,
};

function present({ id, name, content_type, size, sha256, title, path, metadata }: ArtifactRow): object {
  return {
    id: toWireId("artifact", id),
    name,
    contentType: content_type,
    title: title ?? undefined,
    path: path ?? undefined,
    metadata: metadata ?? undefined,
    size,
    sha256: sha256.toString("hex"),
  };
}

/** What there is to say of the artifacts of these tasks, by the tasks' uuids; nothing of a task that has none. */
export async function selectAnnouncedArtifacts(
  tx: Transaction,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, AnnouncedArtifacts>> {
  const rows = await tx.query<ArtifactRow>(selectArtifacts, [taskIds]);
  const announced = [...Map.groupBy(rows, (row) => row.task_id)].map(([taskId, ofTask]) => {
    const report = ofTask.findLast((row) => row.report !== null)?.report ?? undefined;
    return [taskId, { artifacts: ofTask.map(present), report }] as const;
  });
  return new Map(announced);
}
