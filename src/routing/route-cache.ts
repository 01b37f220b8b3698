import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";
import { compileRoute } from "./compile-route.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import { RouteIndex } from "./route-index.ts";
import { rulesOfRow } from "./route.ts";

/** The enabled routes of each project, by its id, compiled once and in memory. News of routes names their projects. */
export type RouteCache = ReadThroughCache<RouteIndex>;

/** Makes the cache of routes. A stored route that compiles no longer is left out and logged; it must not stop the others. */
export function createRouteCache(services: Services): RouteCache {
  const { clock, signals, log } = services;
  const load = async (db: Executor, projectIds: readonly string[]): Promise<Map<string, RouteIndex>> => {
    const rows = await db.kysely
      .selectFrom("routes")
      .selectAll()
      .where("project_id", "in", [...projectIds])
      .where("enabled", "=", true)
      .where("deleted_at", "is", null)
      .orderBy("id")
      .execute();
    const routes = new Map<string, CompiledRoute[]>();
    for (const row of rows) {
      const compiled = compileRoute(rulesOfRow(row));
      if (!compiled.ok) {
        const routeId = toWireId("route", row.id);
        log.warn({ unit: "route", routeId }, "a stored route does not compile; it matches nothing");
        continue;
      }
      const route: CompiledRoute = {
        id: row.id,
        projectId: row.project_id,
        name: row.name,
        agentId: row.agent_id,
        ...(row.capability === null ? {} : { capability: row.capability }),
        sourceId: row.source_id ?? undefined,
        provider: row.provider ?? undefined,
        ...compiled.rules,
      };
      const ofProject = routes.get(row.project_id);
      if (ofProject === undefined) routes.set(row.project_id, [route]);
      else ofProject.push(route);
    }
    return new Map([...routes].map(([projectId, ofProject]) => [projectId, new RouteIndex(ofProject)]));
  };
  return new ReadThroughCache({ clock, signals, topic: "routes", load, maxEntries: 10_000 });
}
