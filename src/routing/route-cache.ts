import type { Selectable } from "kysely";
import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";
import type { RoutesTable } from "../platform/tables.ts";
import { compileRoute } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import { RouteIndex } from "./route-index.ts";
import { rulesOfRow } from "./route.ts";

/** The enabled routes of each project, by its id, compiled once and in memory. News of routes names their projects. */
export type RouteCache = ReadThroughCache<RouteIndex>;

const maxProjects = 10_000;

/** What came of a stored route, and the row that it came of. */
interface Compilation {
  readonly written: string;
  readonly route: CompiledRoute | undefined;
}

type CompilationsById = Map<string, Compilation>;

/** Makes the cache of routes. A stored route that compiles no longer is left out and logged; it must not stop the others. */
export function createRouteCache(services: Services): RouteCache {
  const { clock, signals } = services;
  // One route of a thousand changes, and all are read again: to compile them all takes 50 to 100 ms, in every process.
  const kept = new Map<string, CompilationsById>();
  const load = async (db: Executor, projectIds: readonly string[]): Promise<Map<string, RouteIndex>> => {
    const rows = await db.kysely
      .selectFrom("routes")
      .selectAll()
      .where("project_id", "in", [...projectIds])
      .where("enabled", "=", true)
      .where("deleted_at", "is", null)
      .orderBy("id")
      .execute();
    const loaded = new Map<string, CompilationsById>();
    for (const row of rows) {
      const ofProject = loaded.get(row.project_id) ?? new Map<string, Compilation>();
      loaded.set(row.project_id, ofProject);
      ofProject.set(row.id, compileAgain(services, row, kept.get(row.project_id)?.get(row.id)));
    }
    for (const projectId of projectIds) {
      kept.delete(projectId);
      const ofProject = loaded.get(projectId);
      if (ofProject !== undefined) kept.set(projectId, ofProject);
    }
    for (const projectId of kept.keys()) {
      if (kept.size <= maxProjects) break;
      kept.delete(projectId);
    }
    return new Map([...loaded].map(([projectId, ofProject]) => [projectId, indexOf(ofProject)]));
  };
  return new ReadThroughCache({ clock, signals, topic: "routes", load, maxEntries: maxProjects });
}

function indexOf(compilations: CompilationsById): RouteIndex {
  return new RouteIndex([...compilations.values()].flatMap(({ route }) => (route === undefined ? [] : [route])));
}

function compileAgain(services: Services, row: Selectable<RoutesTable>, before: Compilation | undefined): Compilation {
  const written = JSON.stringify(row);
  return before?.written === written ? before : { written, route: compileRow(services, row) };
}

function compileRow({ log }: Services, row: Selectable<RoutesTable>): CompiledRoute | undefined {
  const compiled = compileRoute(rulesOfRow(row));
  if (!compiled.ok) {
    const routeId = toWireId("route", row.id);
    log.warn({ unit: "route", routeId }, "a stored route does not compile; it matches nothing");
    return undefined;
  }
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    agentId: row.agent_id,
    ...(row.capability === null ? {} : { capability: row.capability }),
    sourceId: row.source_id ?? undefined,
    provider: row.provider ?? undefined,
    ...compiled.rules,
  };
}
