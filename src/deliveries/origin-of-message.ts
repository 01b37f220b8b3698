import { createOriginMarker, originHeader } from "../lib/origin-marker.ts";

// What `announceTasks` begins with, before anything that a worker has written. Only the hub makes messages of such types.
const headBytes = 512;
const taskHead =
  /^\{"type":"task\.[a-z_]+","timestamp":"[^"]+","data":\{"task":\{"id":"(tsk_[0-9a-z]{26})"(?:,"origin":\{"depth":(\d+))?/;

/**
 * The header that tells, with a message about a task, whose doing it is whatever a receiver makes of it: the marker of that
 * task. Read off the message's own bytes, which are in hand, and not from the task, which would be a row more for each delivery.
 */
export function originOfMessage(key: Buffer, payload: Buffer): Readonly<Record<string, string>> {
  const [, taskId, depth = "0"] = taskHead.exec(payload.toString("latin1", 0, headBytes)) ?? [];
  return taskId === undefined ? {} : { [originHeader]: createOriginMarker(key, taskId, Number(depth)) };
}
