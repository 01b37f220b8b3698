import type { Transaction } from "../platform/database.ts";
import { selectAgent } from "./store.ts";

/** An agent that cannot be deleted now. */
export interface HeldAgent {
  readonly id: string;
  readonly name: string;
}

/**
 * The agent that a name or a wire id of the project stands for, kept from being deleted until the transaction ends: for
 * what is about to point at it. Undefined when there is none.
 */
export async function holdAgent(tx: Transaction, projectId: string, nameOrId: string): Promise<HeldAgent | undefined> {
  return await selectAgent(tx, projectId, nameOrId, "share");
}
