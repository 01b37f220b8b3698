import type { Task } from "@a2a-js/sdk";
import { TaskNotFoundError } from "@a2a-js/sdk/errors";
import type { RunOutcome } from "../task-run.ts";
import { askPeer, canPush, hasAnswer, type PeerRun } from "./peer-run.ts";
import { failureOf, outcomeOfTask, textOf } from "./read-peer-task.ts";

// A peer that calls is asked only to be sure; one that cannot, all the time.
const pauses = {
  withPush: { firstMs: 5_000, longestMs: 60_000 },
  withoutPush: { firstMs: 500, longestMs: 15_000 },
};
const maxFailures = 10;
const maxStaleLooks = 6;
const stalePauseMs = 500;
const maxProgressCharacters = 10_000;

// What tells one question from the next.
function stampOf({ status }: Task): string {
  return `${status?.timestamp} ${status?.message?.messageId}`;
}

/**
 * Follows the peer's task until it rests, or the run is broken off. Throws TaskNotFoundError when the peer does not know it
 * any more; a peer that is away for a while is asked again.
 */
export async function followPeer(peerRun: PeerRun, first: Task): Promise<RunOutcome> {
  const { run, news } = peerRun;
  const { firstMs, longestMs } = canPush(peerRun) ? pauses.withPush : pauses.withoutPush;
  let task = first;
  let said = "";
  let failures = 0;
  // Told an answer, a peer that returns at once still shows the question that it was for.
  let staleLooks = hasAnswer(peerRun) ? maxStaleLooks : 0;
  for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 2, longestMs)) {
    const outcome = outcomeOfTask(task);
    const isStale = staleLooks > 0 && outcome?.kind === "input_required" && stampOf(task) === stampOf(first);
    if (outcome !== undefined && !isStale) return outcome;
    const text = textOf(task.status?.message);
    if (!isStale && text !== "" && text !== said) run.report.progress(text.slice(0, maxProgressCharacters));
    said = text;
    if (isStale) staleLooks -= 1;
    await news.wait(isStale ? stalePauseMs : pauseMs, run.signal);
    if (run.signal.aborted) return { kind: "stopped" };
    try {
      task = await askPeer(peerRun, first.id);
      failures = 0;
    } catch (error) {
      if (error instanceof TaskNotFoundError) throw error;
      const failure = failureOf(error, peerRun.lastExchange());
      failures += 1;
      if (!failure.retryable || failures === maxFailures) return failure;
    }
  }
}
