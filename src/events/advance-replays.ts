import { toWireId } from "../lib/ids.ts";
import { isolatePoison } from "../routing/isolate-poison.ts";
import type { RouteCache } from "../routing/route-cache.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { selectDueReplays } from "./replay-store.ts";
import { maxReplayBatch, passOverEvent, takeReplayTurn } from "./replay-turn.ts";

const maxReplays = 20;

/**
 * Routes the next events of each replay whose time has come, and answers how many replays went on. One process at a time is
 * at a replay, and how far it has come commits together with the tasks: an event is replayed once however often a process
 * dies. One that makes the routing fail is passed over, counted and named by the replay.
 */
export async function advanceReplays(services: TaskServices, routes: RouteCache): Promise<number> {
  const { db, clock, log } = services;
  let advanced = 0;
  for (const { id, project_id: projectId } of await selectDueReplays(db, new Date(clock.now()), maxReplays)) {
    const index = await routes.get(db, projectId);
    const hasAdvanced = await isolatePoison<string, boolean>(
      maxReplayBatch,
      (batch) => db.transaction((tx) => takeReplayTurn(tx, services, index, id, batch)),
      (eventId, err) => {
        const ids = { replayId: toWireId("replay", id), eventId: toWireId("event", eventId) };
        log.error({ unit: "replay", ...ids, err }, "an event could not be replayed and was passed over");
        return db.transaction((tx) => passOverEvent(tx, services, id, eventId, err));
      },
    );
    if (hasAdvanced) advanced += 1;
  }
  return advanced;
}
