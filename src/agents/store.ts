import type { Insertable, Selectable, Updateable } from "kysely";
import { fromWireId } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { AgentsTable } from "../platform/tables.ts";

/** An agent as it is stored. */
export type AgentRow = Selectable<AgentsTable>;

/** Stores an agent; false when the project has one of this name. */
export async function insertAgent(tx: Transaction, agent: Insertable<AgentsTable>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx.kysely
    .insertInto("agents")
    .values(agent)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/**
 * The agent that a name or a wire id stands for; deleted ones are not found. `lock` keeps it from changing (`update`) or
 * from being deleted (`share`) until the transaction ends.
 */
export async function selectAgent(
  db: Executor,
  projectId: string,
  nameOrId: string,
  lock?: "update" | "share",
): Promise<AgentRow | undefined> {
  const id = fromWireId("agent", nameOrId);
  const query = db.kysely
    .selectFrom("agents")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .where((is) => (id === undefined ? is("name", "=", nameOrId) : is("id", "=", id)))
    .$if(lock === "update", (locked) => locked.forUpdate())
    .$if(lock === "share", (locked) => locked.forShare());
  return await query.executeTakeFirst();
}

/** A page of a project's agents, newest first, and one row more when there is a next page. */
export async function selectAgents(
  db: Executor,
  projectId: string,
  { limit, cursor }: PageRequest,
): Promise<AgentRow[]> {
  return await db.kysely
    .selectFrom("agents")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null)
    .$if(cursor !== undefined, (query) => query.where("id", "<", cursor as string))
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

/** Changes an agent that the caller has locked. */
export async function updateAgentRow(tx: Transaction, id: string, changes: Updateable<AgentsTable>): Promise<AgentRow> {
  return await tx.kysely
    .updateTable("agents")
    .set(changes)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Whether a task of the agent has not ended. Reads the agent's tasks, newest first, until it finds one. */
export async function hasOpenTasks(tx: Transaction, agentId: string): Promise<boolean> {
  const open = await tx.kysely
    .selectFrom("tasks")
    .select("id")
    .where("agent_id", "=", agentId)
    .where("settled_at", "is", null)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return open !== undefined;
}
