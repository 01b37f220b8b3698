import { toWireId } from "../lib/ids.ts";
import { announce } from "../messages/announce.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { presentPause } from "./agent.ts";
import type { AgentRow } from "./store.ts";

/** Says `agent.paused` of an agent, in the transaction that pauses it. */
export async function announcePause(tx: Transaction, services: Services, row: AgentRow): Promise<void> {
  const data = { agent: { id: toWireId("agent", row.id), name: row.name, ...presentPause(row) } };
  await announce(tx, services, [{ projectId: row.project_id, type: "agent.paused", data }]);
}
