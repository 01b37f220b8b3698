import { ownProvider } from "../lib/own-provider.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { insertSource } from "../sources/store.ts";

/** The source under which a project's own messages are events. */
export interface OwnSource {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
}

const lockProjects = {
  name: "lock_own_sources",
  text: `SELECT pg_advisory_xact_lock(hashtextextended('hookyard own source ' || i.id, 0)) FROM unnest($1::text[]) AS i (id)`,
};

const selectOwnSources = {
  name: "select_own_sources",
  text: `SELECT DISTINCT ON (project_id) id, project_id, name FROM sources
         WHERE project_id = ANY ($1) AND provider = '${ownProvider}' AND deleted_at IS NULL ORDER BY project_id, id`,
};

/**
 * The own source of each of these projects, by the project's id; made when it is missing. Nobody can send to it: there is
 * no scheme by which a request to it could be verified.
 */
export async function ensureOwnSources(
  tx: Transaction,
  services: Services,
  projectIds: readonly string[],
): Promise<Map<string, OwnSource>> {
  const ids = [...new Set(projectIds)].toSorted();
  const found = await tx.query<OwnSource>(selectOwnSources, [ids]);
  const sources = new Map(found.map((source) => [source.project_id, source]));
  const missing = ids.filter((id) => !sources.has(id));
  if (missing.length === 0) return sources;
  await tx.query(lockProjects, [missing]);
  for (const source of await tx.query<OwnSource>(selectOwnSources, [missing])) sources.set(source.project_id, source);
  const now = new Date(services.clock.now());
  for (const projectId of missing.filter((id) => !sources.has(id)))
    sources.set(
      projectId,
      await insertSource(tx, {
        id: services.newId(),
        project_id: projectId,
        name: "Hookyard",
        provider: ownProvider,
        verification: "{}",
        response: null,
        rate_limit_per_second: null,
        body_limit_bytes: null,
        enabled: true,
        created_at: now,
        updated_at: now,
        deleted_at: null,
      }),
    );
  return sources;
}
