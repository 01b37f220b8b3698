import { fromWireId, toWireId } from "../lib/ids.ts";

const tokenForm = /^(tsk_[0-9a-z]{26})\.([A-Za-z0-9_-]{43})$/;

/**
 * The token with which an agent that was called says how its task ended. It holds the lease's own fencing token (256 random
 * bits), so it is good for this one attempt, once, and never after another one has begun.
 */
export function callbackTokenOf(taskId: string, leaseToken: string): string {
  return `${toWireId("task", taskId)}.${leaseToken.replace(/^lease_/, "")}`;
}

/** The task and the lease that a callback token is for; undefined when it is none. */
export function readCallbackToken(token: string): { readonly taskId: string; readonly leaseToken: string } | undefined {
  const [, wireId = "", secret = ""] = tokenForm.exec(token) ?? [];
  const taskId = fromWireId("task", wireId);
  return taskId === undefined ? undefined : { taskId, leaseToken: `lease_${secret}` };
}
