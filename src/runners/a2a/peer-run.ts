import type { Task } from "@a2a-js/sdk";
import type { A2aRunner } from "../../agents/runner.ts";
import type { OutboundResult } from "../../platform/outbound-exchange.ts";
import type { PeerCall } from "../../tasks/peer-call-store.ts";
import type { RunnerServices, TaskRun } from "../task-run.ts";
import type { Peer } from "./connect-peer.ts";
import type { PeerNews } from "./peer-news.ts";

/** One attempt that a peer makes. */
export interface PeerRun {
  readonly services: RunnerServices;
  readonly run: TaskRun;
  readonly runner: A2aRunner;
  readonly peer: Peer;
  /** What was known of the peer's task when the attempt began. */
  readonly call: PeerCall;
  readonly news: PeerNews;
  /** How the last call went. */
  readonly lastExchange: () => OutboundResult | undefined;
}

/** Whether the peer calls when something becomes of a task. */
export function canPush({ peer }: Pick<PeerRun, "peer">): boolean {
  return peer.card.capabilities?.pushNotifications === true;
}

/** Whether there is an answer that the peer has not been told. */
export function hasAnswer({ call, run }: Pick<PeerRun, "call" | "run">): boolean {
  return call.peerTaskId !== undefined && run.work.task.answers.length > call.answersTold;
}

/** The peer's task as it is now. Throws TaskNotFoundError when the peer knows none. */
export async function askPeer({ peer }: Pick<PeerRun, "peer">, id: string): Promise<Task> {
  return await peer.client.getTask({ tenant: "", id, historyLength: 0 });
}
