import { timingSafeEqual } from "node:crypto";
import { systemActor } from "../access/system-actor.ts";
import { ConflictError, NotFoundError } from "../lib/errors.ts";
import type { TaskServices } from "./announce-tasks.ts";
import { askForInput, type Question } from "./ask-for-input.ts";
import { awaitCallback } from "./await-callback.ts";
import { readCallbackToken } from "./callback-token.ts";
import { type SettleCommit, settleUnderLease } from "./complete-task.ts";
import { failTask, type TaskFailure } from "./fail-task.ts";
import { heartbeatTask } from "./heartbeat-task.ts";
import { putArtifact } from "./put-artifact.ts";
import type { ArtifactUpload } from "./store-artifact.ts";
import { hashLeaseToken } from "./lease-token.ts";
import type { TaskState } from "./task-state.ts";

/** What an agent says that was called and has answered "later": how its task ended, or how far it is. */
export type CallbackNews =
  | {
      readonly kind: "completed";
      readonly result: unknown;
      readonly usage?: object;
      readonly artifacts?: readonly ArtifactUpload[];
    }
  | ({ readonly kind: "failed"; readonly usage?: object } & TaskFailure)
  | { readonly kind: "input_required"; readonly question: Question }
  | { readonly kind: "progress"; readonly progress: unknown; readonly usage?: object };

interface CalledTask {
  readonly id: string;
  readonly project_id: string;
  readonly state: TaskState;
  readonly lease_hash: Buffer | null;
  readonly lease_expires_at: Date | null;
  readonly runner: { readonly type: string; readonly preset?: string };
}

const selectCalled = {
  name: "select_called_task",
  text: `SELECT t.id, t.project_id, t.state, t.lease_hash, t.lease_expires_at, a.runner
         FROM tasks t JOIN agents a ON a.id = t.agent_id WHERE t.id = $1`,
};

/** A task whose callback token was shown. */
export interface CallbackClaim {
  readonly taskId: string;
  readonly projectId: string;
  readonly leaseToken: string;
  /** Whose manners the agent's endpoint has. */
  readonly preset: string;
}

/**
 * The task that a callback token is for. Throws NotFoundError for a token that is none, or that was never given or belongs to
 * an attempt that another one has followed, and ConflictError `callback_used` for one whose attempt has ended.
 */
export async function findCallback(services: TaskServices, token: string): Promise<CallbackClaim> {
  const read = readCallbackToken(token);
  const [task] = read === undefined ? [] : await services.db.query<CalledTask>(selectCalled, [read.taskId]);
  const hash = read === undefined ? undefined : hashLeaseToken(read.leaseToken);
  const stored = task?.lease_hash ?? undefined;
  if (
    task === undefined ||
    read === undefined ||
    hash === undefined ||
    stored === undefined ||
    !timingSafeEqual(stored, hash)
  )
    throw new NotFoundError("There is no such callback.");
  const isOpen = task.state === "working" && (task.lease_expires_at?.getTime() ?? 0) > services.clock.now();
  if (!isOpen)
    throw new ConflictError(
      "callback_used",
      "The callback was used, or its task has ended or run out of time meanwhile.",
    );
  return {
    taskId: task.id,
    projectId: task.project_id,
    leaseToken: read.leaseToken,
    preset: task.runner.preset ?? "signed",
  };
}

/** Takes down what an agent says by its callback. Throws ConflictError `lease_lost` when it came too late. */
export async function settleByCallback(
  services: TaskServices,
  settle: SettleCommit,
  { taskId, projectId, leaseToken }: CallbackClaim,
  news: CallbackNews,
): Promise<{ readonly state: TaskState }> {
  const claim = { actor: systemActor(projectId), taskId, leaseToken };
  const usage = "usage" in news ? { usage: news.usage } : {};
  switch (news.kind) {
    case "completed":
      for (const artifact of news.artifacts ?? []) await putArtifact(services, claim, artifact);
      return await settleUnderLease(settle, claim, { to: "completed", result: news.result, ...usage });
    case "failed":
      return await failTask(services, settle, claim, news);
    case "input_required":
      return await askForInput(services, claim, news.question);
    case "progress": {
      const { signal } = await heartbeatTask(services, claim, { progress: news.progress, ...usage });
      // A heartbeat ends a lease sooner than that of one who sends none.
      if (signal === "continue") await awaitCallback(services, claim);
      return { state: signal === "continue" ? "working" : "canceled" };
    }
  }
}
