import type { Runner } from "../../agents/runner.ts";
import { selectAgent } from "../../agents/store.ts";
import { toWireId } from "../../lib/ids.ts";
import type { Services } from "../../platform/services.ts";
import { type EndedPeerCall, takeEndedPeerCalls } from "../../tasks/peer-call-store.ts";
import { connectPeer } from "./connect-peer.ts";
import type { PeerCards } from "./peer-cards.ts";

const batch = 20;
const timeoutMs = 10_000;

async function cancelAtPeer(services: Services, cards: PeerCards, ended: EndedPeerCall): Promise<void> {
  const { task_id: taskId, agent_id: agentId, project_id: projectId, peer_task_id: id } = ended;
  // A peer whose task has completed has nothing to cancel; one that never answered has no name for it.
  if (id === null || ended.state === "completed") return;
  const agent = await selectAgent(services.db, projectId, toWireId("agent", agentId));
  const runner = agent?.runner as Runner | undefined;
  if (agent === undefined || runner?.type !== "a2a") return;
  const line = { unit: "runner", taskId: toWireId("task", taskId), peerTaskId: id };
  try {
    const connection = { signal: AbortSignal.timeout(timeoutMs), note: () => undefined };
    const { client } = await connectPeer(services, cards, agent, runner, connection);
    await client.cancelTask({ tenant: "", id, metadata: undefined });
    services.log.info(line, "canceled a peer's task");
  } catch (err) {
    // It may have ended there by itself.
    services.log.info({ ...line, err }, "a peer's task was not canceled");
  }
}

/** Cancels, once and as far as they allow, the peers' tasks of tasks that have ended otherwise; answers with how many it saw. */
export async function endPeerCalls(services: Services, cards: PeerCards): Promise<number> {
  const ended = await takeEndedPeerCalls(services.db, batch);
  await Promise.all(ended.map((each) => cancelAtPeer(services, cards, each)));
  return ended.length;
}
