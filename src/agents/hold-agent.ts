import type { Transaction } from "../platform/database.ts";
import { type AgentRow, selectAgent } from "./store.ts";

/**
 * The agent that a name or a wire id of the project stands for, kept from being deleted until the transaction ends: for
 * what is about to point at it. Undefined when there is none.
 */
export async function holdAgent(tx: Transaction, projectId: string, nameOrId: string): Promise<AgentRow | undefined> {
  return await selectAgent(tx, projectId, nameOrId, "share");
}
