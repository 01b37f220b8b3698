import type { Message, Task, TaskPushNotificationConfig } from "@a2a-js/sdk";
import { TaskNotFoundError } from "@a2a-js/sdk/errors";
import type { A2aRunner } from "../../agents/runner.ts";
import { HubError } from "../../lib/errors.ts";
import type { OutboundResult } from "../../platform/outbound-exchange.ts";
import { deletePeerCall, openPeerCall, storePeerPushHash, storePeerTaskId } from "../../tasks/peer-call-store.ts";
import { createPeerToken, hashPeerToken, peerCallbackPath } from "../../tasks/peer-token.ts";
import { presentLeasedTask } from "../../tasks/present-leased-task.ts";
import { failedRun, type RunnerServices, type RunOutcome, type TaskRun } from "../task-run.ts";
import { connectPeer } from "./connect-peer.ts";
import { followPeer } from "./follow-peer.ts";
import { peerMessage } from "./peer-message.ts";
import { PeerNews } from "./peer-news.ts";
import { askPeer, canPush, hasAnswer, type PeerRun } from "./peer-run.ts";
import { failureOf, outcomeOfMessage, outcomeOfTask } from "./read-peer-task.ts";

const maxIdCharacters = 1_000;

// A new token each time that something is sent: only what it hashes to is kept.
async function pushConfig({ services, run }: PeerRun, peerTaskId: string): Promise<TaskPushNotificationConfig> {
  const { id } = run.work.task;
  const token = createPeerToken(id);
  await storePeerPushHash(services.db, id, hashPeerToken(token));
  const url = services.publicUrl() + peerCallbackPath.replace("{token}", token);
  return { tenant: "", id: "hookyard", taskId: peerTaskId, url, token, authentication: undefined };
}

async function send(peerRun: PeerRun): Promise<Message | Task> {
  const { services, run, runner, peer, call } = peerRun;
  const { task } = run.work;
  const last = task.answers.at(-1);
  const message = peerMessage({
    card: peer.card,
    work: presentLeasedTask(services, run.work),
    taskId: task.id,
    call,
    answer: last === undefined ? undefined : { data: last.data, count: task.answers.length },
    skill: runner.skill,
  });
  const configuration = {
    acceptedOutputModes: [],
    taskPushNotificationConfig: canPush(peerRun) ? await pushConfig(peerRun, message.taskId) : undefined,
    returnImmediately: true,
  };
  return await peer.client.sendMessage({ tenant: "", message, configuration, metadata: undefined });
}

// What begins it, tells it the answer that it waits for, or finds it again, whichever is due.
async function begin(peerRun: PeerRun): Promise<Message | Task> {
  const { call } = peerRun;
  if (call.peerTaskId === undefined) return await send(peerRun);
  if (!hasAnswer(peerRun)) return await askPeer(peerRun, call.peerTaskId);
  try {
    return await send(peerRun);
  } catch (error) {
    // It was told before this process could write that down, and works again.
    const now = await askPeer(peerRun, call.peerTaskId);
    if (outcomeOfTask(now)?.kind === "input_required") throw error;
    return now;
  }
}

function isId(id: unknown): id is string {
  return typeof id === "string" && id !== "" && id.length <= maxIdCharacters && !id.includes("\u0000");
}

async function workOn(peerRun: PeerRun): Promise<RunOutcome> {
  const { services, run } = peerRun;
  const { task } = run.work;
  const answer = await begin(peerRun);
  if ("messageId" in answer) return outcomeOfMessage(answer);
  if (!isId(answer.id)) return failedRun("bad_peer_answer", "The peer's task has no id that can be kept.", false);
  const contextId = isId(answer.contextId) ? answer.contextId : undefined;
  await storePeerTaskId(services.db, task.id, { peerTaskId: answer.id, contextId, answersTold: task.answers.length });
  run.report.event("peer_task", { id: answer.id, ...(contextId === undefined ? {} : { contextId }) });
  const outcome = await followPeer(peerRun, answer);
  // What has ended badly there is not what another attempt goes on with; what could not be asked is.
  const hasEnded = outcome.kind === "failed" && outcome.error.code.startsWith("peer_");
  if (hasEnded) await deletePeerCall(services.db, task.id);
  return outcome;
}

async function judge(services: RunnerServices, run: TaskRun, error: unknown, last: OutboundResult | undefined) {
  const { task } = run.work;
  if (error instanceof TaskNotFoundError) {
    await deletePeerCall(services.db, task.id);
    return failedRun("peer_task_lost", "The peer does not know the task any more.", true);
  }
  return failureOf(error, last);
}

/**
 * Has an A2A peer do a task: sends it the message, or finds the task that an earlier attempt began there, and follows that
 * until it rests. The peer's calls only wake; what counts is what it answers when it is asked. When the task ends here for
 * another reason, endPeerCalls cancels it there.
 */
export async function callPeer(services: RunnerServices, run: TaskRun, runner: A2aRunner): Promise<RunOutcome> {
  const { agent, work, signal } = run;
  const { id: taskId, attempt } = work.task;
  let exchange: OutboundResult | undefined;
  const note = (result: OutboundResult): void => {
    exchange = result;
  };
  const news = new PeerNews(services.signals, taskId);
  try {
    const at = new Date(services.clock.now());
    const peer = await connectPeer(services, services.peerCards, agent, runner, { signal, note });
    const call = await openPeerCall(services.db, { taskId, agentId: agent.id, attempt, at });
    exchange = undefined;
    const outcome = await workOn({ services, run, runner, peer, call, news, lastExchange: () => exchange });
    if (outcome.kind === "completed") for (const artifact of outcome.artifacts ?? []) run.report.artifact(artifact);
    return outcome;
  } catch (error) {
    if (signal.aborted) return { kind: "stopped" };
    // It was the hub that failed.
    if (error instanceof HubError) throw error;
    // Another card may be there by now.
    services.peerCards.forget(agent.id, runner.url);
    return await judge(services, run, error, exchange);
  } finally {
    news.stop();
  }
}
