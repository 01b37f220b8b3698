import { toWireId } from "../lib/ids.ts";
import type { Executor } from "../platform/database.ts";
import { ReadThroughCache } from "../platform/read-through-cache.ts";
import type { Services } from "../platform/services.ts";
import type { EventDocument } from "./event-document.ts";
import { compileMatch } from "./match.ts";
import { compileTaskTemplate, type RenderedTask } from "./task-template.ts";

/** A route ready to decide. */
export interface CompiledRoute {
  readonly id: string;
  readonly agentId: string;
  readonly sourceId: string | undefined;
  readonly provider: string | undefined;
  /** The only event types that can match; undefined: any. */
  readonly types: ReadonlySet<string> | undefined;
  readonly match: (document: EventDocument) => boolean;
  readonly render: (document: EventDocument) => RenderedTask;
}

/** The enabled routes of each project, by its id, compiled once and in memory. News of routes names their projects. */
export type RouteCache = ReadThroughCache<readonly CompiledRoute[]>;

/** Makes the cache of routes. A stored route that compiles no longer is left out and logged; it must not stop the others. */
export function createRouteCache(services: Services): RouteCache {
  const { clock, signals, log } = services;
  const load = async (db: Executor, projectIds: readonly string[]): Promise<Map<string, CompiledRoute[]>> => {
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
      const match = compileMatch(row.match ?? undefined);
      const task = compileTaskTemplate(row.task);
      if (!match.ok || !task.ok) {
        const routeId = toWireId("route", row.id);
        log.warn({ unit: "route", routeId }, "a stored route does not compile; it matches nothing");
        continue;
      }
      const compiled: CompiledRoute = {
        id: row.id,
        agentId: row.agent_id,
        sourceId: row.source_id ?? undefined,
        provider: row.provider ?? undefined,
        types: match.types,
        match: match.match,
        render: task.render,
      };
      const ofProject = routes.get(row.project_id);
      if (ofProject === undefined) routes.set(row.project_id, [compiled]);
      else ofProject.push(compiled);
    }
    return routes;
  };
  return new ReadThroughCache({ clock, signals, topic: "routes", load, maxEntries: 10_000 });
}
