import type { Insertable, Selectable, Updateable } from "kysely";
import { fromWireId } from "../lib/ids.ts";
import type { PageRequest } from "../lib/page-request.ts";
import type { Executor, Transaction } from "../platform/database.ts";
import type { AgentsTable, AgentVersionsTable } from "../platform/tables.ts";

/** An agent as it is stored. */
export type AgentRow = Selectable<AgentsTable>;

/** Stores an agent; undefined when the project has one of this name. */
export async function insertAgent(tx: Transaction, agent: Insertable<AgentsTable>): Promise<AgentRow | undefined> {
  return await tx.kysely
    .insertInto("agents")
    .values(agent)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

/** Keeps what an agent was defined as. */
export async function insertAgentVersion(tx: Transaction, version: Insertable<AgentVersionsTable>): Promise<void> {
  await tx.kysely.insertInto("agent_versions").values(version).execute();
}

/** The versions of an agent before number `before`, newest first; at most `limit`. */
export async function selectAgentVersions(
  db: Executor,
  agentId: string,
  before: number,
  limit: number,
): Promise<Selectable<AgentVersionsTable>[]> {
  return await db.kysely
    .selectFrom("agent_versions")
    .selectAll()
    .where("agent_id", "=", agentId)
    .where("version", "<", before)
    .orderBy("version", "desc")
    .limit(limit)
    .execute();
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

/** Which agents a list asks for. */
export interface AgentFilter {
  readonly team?: string | undefined;
  readonly capability?: string | undefined;
}

/** A page of a project's agents, newest first, and one row more when there is a next page. */
export async function selectAgents(
  db: Executor,
  projectId: string,
  { team, capability }: AgentFilter,
  { limit, cursor }: PageRequest,
): Promise<AgentRow[]> {
  let query = db.kysely
    .selectFrom("agents")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("deleted_at", "is", null);
  if (team !== undefined) query = query.where("team", "=", team);
  if (capability !== undefined) query = query.where((is) => is(is.val(capability), "=", is.fn.any("capabilities")));
  if (cursor !== undefined) query = query.where("id", "<", cursor);
  return await query
    .orderBy("id", "desc")
    .limit(limit + 1)
    .execute();
}

const runByHub = {
  name: "select_agents_run_by_hub",
  text: "SELECT id FROM agents WHERE runner ->> 'type' <> 'pull' AND deleted_at IS NULL ORDER BY id",
};

/** The ids of all agents, of any project, whose tasks the hub does itself. */
export async function selectAgentsRunByHub(db: Executor): Promise<string[]> {
  return (await db.query<{ id: string }>(runByHub, [])).map((row) => row.id);
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
