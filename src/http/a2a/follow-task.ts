import { setTimeout as delay } from "node:timers/promises";
import type { Artifact, StreamResponse } from "@a2a-js/sdk";
import { NotFoundError } from "../../lib/errors.ts";
import { fromWireId } from "../../lib/ids.ts";
import { getTask } from "../../tasks/get-task.ts";
import { isTerminal, type TaskState } from "../../tasks/task-state.ts";
import type { A2aCaller } from "./caller.ts";
import { selectContexts } from "./context-store.ts";
import { contextIdOf, presentA2aTask, presentArtifacts, presentStatus, type ToldTask } from "./present-task.ts";

// Most agents take seconds: the first looks are close together for those that do not. A look is a read by primary key.
const firstPauseMs = 20;
const longestPauseMs = 500;

const glimpse = {
  name: "a2a_glimpse",
  text: "SELECT state, updated_at FROM tasks WHERE id = $1 AND project_id = $2",
};

interface Glimpse {
  readonly state: TaskState;
  readonly updated_at: Date;
}

/** A task with what its client called it. Throws NotFoundError when the caller's project has none with this uuid. */
export async function readTold({ ctx }: Pick<A2aCaller, "ctx">, taskId: string): Promise<ToldTask> {
  const task = await getTask(ctx, taskId);
  return { task, context: (await selectContexts(ctx.db, [taskId])).get(taskId) };
}

/** Whether nothing moves a task by itself: it has ended, or waits for its client. */
function isResting(state: TaskState): boolean {
  return isTerminal(state) || state === "input_required" || state === "auth_required";
}

// Each time that it has changed since, until it rests, the time is over, or the caller has gone.
async function* changesOf(caller: A2aCaller, first: ToldTask, giveUpAtMs = Infinity): AsyncGenerator<ToldTask> {
  const { ctx, signal } = caller;
  const id = fromWireId("task", first.task.id) ?? "";
  let last = first;
  let pauseMs = firstPauseMs;
  while (!isResting(last.task.state) && !signal.aborted && performance.now() < giveUpAtMs) {
    const leftMs = giveUpAtMs - performance.now();
    await delay(Math.min(pauseMs, Math.max(0, leftMs)), undefined, { signal }).catch(() => undefined);
    const [now] = await ctx.db.query<Glimpse>(glimpse, [id, ctx.actor.projectId]);
    if (now === undefined) throw new NotFoundError("The task is no longer there.");
    const isSame = now.state === last.task.state && now.updated_at.toISOString() === last.task.updatedAt;
    pauseMs = isSame ? Math.min(pauseMs * 2, longestPauseMs) : firstPauseMs;
    if (isSame) continue;
    last = await readTold(caller, id);
    yield last;
  }
}

/** Waits until a task rests, `waitSeconds` have passed or the caller has gone; answers with how it is then. */
export async function awaitTask(caller: A2aCaller, told: ToldTask, waitSeconds: number): Promise<ToldTask> {
  let last = told;
  for await (const next of changesOf(caller, told, performance.now() + waitSeconds * 1000)) last = next;
  return last;
}

function changesBetween(before: ToldTask, after: ToldTask): StreamResponse[] {
  const taskId = after.task.id;
  const contextId = contextIdOf(after.task, after.context);
  // One that is stored again under its name has other contents.
  const keyOf = ({ artifactId, metadata }: Artifact): string => `${artifactId} ${metadata?.["sha256"]}`;
  const known = new Set(presentArtifacts(before).map(keyOf));
  const artifacts = presentArtifacts(after).filter((artifact) => !known.has(keyOf(artifact)));
  const status = presentStatus(after);
  const old = presentStatus(before);
  const isNews = status.state !== old.state || status.message?.messageId !== old.message?.messageId;
  return [
    ...artifacts.map((artifact): StreamResponse => {
      const value = { taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined };
      return { payload: { $case: "artifactUpdate", value } };
    }),
    ...(isNews
      ? [{ payload: { $case: "statusUpdate" as const, value: { taskId, contextId, status, metadata: undefined } } }]
      : []),
  ];
}

/** The task as it is, then what becomes of it, until it rests or the caller has gone. Takes a place among the streams. */
export async function* streamTask(caller: A2aCaller, told: ToldTask): AsyncGenerator<StreamResponse, void, undefined> {
  const leave = caller.takeStreamPlace();
  try {
    yield { payload: { $case: "task", value: presentA2aTask(told) } };
    let last = told;
    for await (const next of changesOf(caller, told)) {
      yield* changesBetween(last, next);
      last = next;
    }
  } finally {
    leave();
  }
}
