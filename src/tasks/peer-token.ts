import { createHash, randomBytes } from "node:crypto";
import { fromWireId, toWireId } from "../lib/ids.ts";

/** Where A2A peers call when something has become of the tasks that they do for the hub. */
export const peerCallbackPath = "/a2a/callbacks/{token}";

const tokenForm = /^(tsk_[0-9a-z]{26})\.[A-Za-z0-9_-]{43}$/;
const secretBytes = 32;

/** A token with which a peer may say that a task has changed: good for this one task while it is open. */
export function createPeerToken(taskId: string): string {
  return `${toWireId("task", taskId)}.${randomBytes(secretBytes).toString("base64url")}`;
}

/** What a token is kept as. */
export function hashPeerToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** The uuid of the task that a token is for; undefined when it is none. */
export function taskOfPeerToken(token: string): string | undefined {
  return fromWireId("task", tokenForm.exec(token)?.[1] ?? "");
}
