import type { AgentCard, Message, Task } from "@a2a-js/sdk";
import { TaskNotFoundError } from "@a2a-js/sdk/errors";
import type { A2aRunner } from "../../agents/runner.ts";
import { deletePeerCall, openPeerCall, type PeerCall, storePeerPushHash, storePeerTaskId } from "../../tasks/peer-call-store.ts";
import { createPeerToken, hashPeerToken, peerCallbackPath } from "../../tasks/peer-token.ts";
import { presentLeasedTask } from "../../tasks/present-leased-task.ts";
import type { OutboundResult } from "../../platform/outbound-exchange.ts";
import { failedRun, type RunnerServices, type RunOutcome, type TaskRun } from "../task-run.ts";
import { connectPeer, type Peer } from "./connect-peer.ts";
import { peerMessage } from "./peer-message.ts";
import { PeerNews } from "./peer-news.ts";
import { failureOf, outcomeOfMessage, outcomeOfTask, textOf } from "./read-peer-task.ts";

// A peer that calls is asked only to be sure; one that cannot, all the time.
const pauses = { withPush: { firstMs: 5_000, longestMs: 60_000 }, withoutPush: { firstMs: 500, longestMs: 15_000 } };
const maxFailures = 10;
const maxStaleLooks = 6;
const stalePauseMs = 500;
const maxIdCharacters = 1_000;

/** One attempt that a peer makes. */
interface PeerRun {
  readonly services: RunnerServices;
  readonly run: TaskRun;
  readonly runner: A2aRunner;
  readonly peer: Peer;
  readonly call: PeerCall;
}

function canPush({ capabilities }: AgentCard): boolean {
  return capabilities?.pushNotifications === true;
}

async function send({ services, run, runner, peer, call }: PeerRun): Promise<Message | Task> {
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
  let push: { tenant: string; id: string; taskId: string; url: string; token: string; authentication: undefined } | undefined;
  if (canPush(peer.card)) {
    const token = createPeerToken(task.id);
    await storePeerPushHash(services.db, task.id, hashPeerToken(token));
    const url = services.publicUrl() + peerCallbackPath.replace("{token}", token);
    push = { tenant: "", id: "hookyard", taskId: message.taskId, url, token, authentication: undefined };
  }
  const configuration = { acceptedOutputModes: [], taskPushNotificationConfig: push, returnImmediately: true };
  return await peer.client.sendMessage({ tenant: "", message, configuration, metadata: undefined });
}

async function ask({ peer }: PeerRun, id: string): Promise<Task> {
  return await peer.client.getTask({ tenant: "", id, historyLength: 0 });
}

function hasAnswer({ call, run }: PeerRun): boolean {
  return call.peerTaskId !== undefined && run.work.task.answers.length > call.answersTold;
}

// What begins it, tells it the answer that it waits for, or finds it again, whichever is due.
async function begin(peerRun: PeerRun): Promise<Message | Task> {
  const { call } = peerRun;
  if (call.peerTaskId === undefined) return await send(peerRun);
  if (!hasAnswer(peerRun)) return await ask(peerRun, call.peerTaskId);
  try {
    return await send(peerRun);
  } catch (error) {
    // It was told before this process could write that down, and works again.
    const now = await ask(peerRun, call.peerTaskId);
    if (outcomeOfTask(now)?.kind === "input_required") throw error;
    return now;
  }
}

function isId(id: unknown): id is string {
  return typeof id === "string" && id !== "" && id.length <= maxIdCharacters && !id.includes("\u0000");
}

function tell({ run }: PeerRun, said: string, before: string): string {
  if (said !== "" && said !== before) run.report.progress(said.slice(0, 10_000));
  return said;
}

// What tells one question from the next.
function stampOf({ status }: Task): string {
  return `${status?.timestamp} ${status?.message?.messageId}`;
}

async function follow(peerRun: PeerRun, first: Task, news: PeerNews, last: () => OutboundResult | undefined): Promise<RunOutcome> {
  const { run, peer } = peerRun;
  const { firstMs, longestMs } = canPush(peer.card) ? pauses.withPush : pauses.withoutPush;
  let task = first;
  let said = "";
  let failures = 0;
  // Told an answer, a peer that returns at once still shows the question that it was for.
  let staleLooks = hasAnswer(peerRun) ? maxStaleLooks : 0;
  for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 2, longestMs)) {
    const outcome = outcomeOfTask(task);
    const isStale = staleLooks > 0 && outcome?.kind === "input_required" && stampOf(task) === stampOf(first);
    if (outcome !== undefined && !isStale) return outcome;
    if (isStale) staleLooks -= 1;
    else said = tell(peerRun, textOf(task.status?.message), said);
    await news.wait(isStale ? stalePauseMs : pauseMs, run.signal);
    if (run.signal.aborted) return { kind: "stopped" };
    try {
      task = await ask(peerRun, first.id);
      failures = 0;
    } catch (error) {
      if (error instanceof TaskNotFoundError)
        return failedRun("peer_task_lost", "The peer does not know the task any more.", true);
      const failure = failureOf(error, last());
      failures += 1;
      if (!failure.retryable || failures === maxFailures) return failure;
    }
  }
}

// A peer's task that has ended badly is not the one that another attempt goes on with; one that could not be asked is.
async function conclude({ services, run }: PeerRun, outcome: RunOutcome): Promise<RunOutcome> {
  const hasEnded = outcome.kind === "failed" && outcome.error.code.startsWith("peer_");
  if (hasEnded) await deletePeerCall(services.db, run.work.task.id);
  return outcome;
}

async function workOn(peerRun: PeerRun, news: PeerNews, last: () => OutboundResult | undefined): Promise<RunOutcome> {
  const { services, run } = peerRun;
  const { task } = run.work;
  const answer = await begin(peerRun);
  if ("messageId" in answer) return outcomeOfMessage(answer);
  if (!isId(answer.id)) return failedRun("bad_peer_answer", "The peer's task has no id that can be kept.", false);
  const contextId = isId(answer.contextId) ? answer.contextId : undefined;
  await storePeerTaskId(services.db, task.id, { peerTaskId: answer.id, contextId, answersTold: task.answers.length });
  run.report.event("peer_task", { id: answer.id, ...(contextId === undefined ? {} : { contextId }) });
  return await conclude(peerRun, await follow(peerRun, answer, news, last));
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
  const last = (): OutboundResult | undefined => exchange;
  const note = (result: OutboundResult): void => {
    exchange = result;
  };
  const news = new PeerNews(services.signals, taskId);
  try {
    const at = new Date(services.clock.now());
    const peer = await connectPeer(services, services.peerCards, agent, runner, { signal, note });
    const call = await openPeerCall(services.db, { taskId, agentId: agent.id, attempt, at });
    exchange = undefined;
    return await workOn({ services, run, runner, peer, call }, news, last);
  } catch (error) {
    if (signal.aborted) return { kind: "stopped" };
    // Another card may be there by now.
    services.peerCards.forget(agent.id, runner.url);
    if (error instanceof TaskNotFoundError) await deletePeerCall(services.db, taskId);
    return failureOf(error, last());
  } finally {
    news.stop();
  }
}
