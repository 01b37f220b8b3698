import type { Insertable, Selectable, Updateable } from "kysely";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { RoutesTable } from "../platform/tables.ts";

/** A route as it is stored, with the name of its agent. */
export type RouteRow = Selectable<RoutesTable> & { readonly agent_name: string };

function selectRouteRows(db: Executor, projectId: string) {
  return db.kysely
    .selectFrom("routes")
    .innerJoin("agents", "agents.id", "routes.agent_id")
    .selectAll("routes")
    .select("agents.name as agent_name")
    .where("routes.project_id", "=", projectId)
    .where("routes.deleted_at", "is", null);
}

/** A route of the project; deleted ones are not found. `lock` keeps it as it is until the transaction ends. */
export async function selectRoute(
  db: Executor,
  projectId: string,
  id: string,
  lock?: "update",
): Promise<RouteRow | undefined> {
  return await selectRouteRows(db, projectId)
    .where("routes.id", "=", id)
    .$if(lock === "update", (query) => query.forUpdate("routes"))
    .executeTakeFirst();
}

/** A page of a project's routes, newest first, and one row more when there is a next page. */
export async function selectRoutes(
  db: Executor,
  projectId: string,
  { limit, cursor }: PageRequest,
): Promise<RouteRow[]> {
  return await selectRouteRows(db, projectId)
    .$if(cursor !== undefined, (query) => query.where("routes.id", "<", cursor as string))
    .orderBy("routes.id", "desc")
    .limit(limit + 1)
    .execute();
}

export async function insertRoute(tx: Transaction, route: Insertable<RoutesTable>): Promise<void> {
  await tx.kysely.insertInto("routes").values(route).execute();
}

/** Changes a route that the caller has locked. */
export async function updateRouteRow(tx: Transaction, id: string, changes: Updateable<RoutesTable>): Promise<void> {
  await tx.kysely.updateTable("routes").set(changes).where("id", "=", id).execute();
}

// A route with a capability goes on without the agent, unless nobody else has it.
const selectNeedingRoute = {
  name: "select_route_needing_agent",
  text: `SELECT r.id FROM routes r JOIN agents a ON a.id = $1
         WHERE r.project_id = a.project_id AND r.enabled AND r.deleted_at IS NULL
           AND (r.agent_id = a.id AND r.capability IS NULL
                OR r.capability = ANY (a.capabilities)
                   AND NOT EXISTS (SELECT FROM agents other
                                   WHERE other.project_id = a.project_id AND other.id <> a.id
                                     AND other.deleted_at IS NULL AND r.capability = ANY (other.capabilities)))
         LIMIT 1`,
};

/** Whether an enabled route makes tasks for this agent, and for nobody else. */
export async function hasEnabledRoutes(tx: Transaction, agentId: string): Promise<boolean> {
  return (await tx.query(selectNeedingRoute, [agentId])).length > 0;
}
