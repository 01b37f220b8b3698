import { toWireId } from "../lib/ids.ts";

/** How an actor's id is shown: that of its key, or the name that stands for one (`bootstrap`, `hub`). */
export function wireActorId(actorId: string): string {
  return actorId.length === 36 ? toWireId("key", actorId) : actorId;
}
