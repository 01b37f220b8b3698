import { toWireId } from "../lib/ids.ts";
import type { TaskServices } from "../tasks/announce-tasks.ts";
import { endDueDebounces } from "./debounce-turn.ts";
import { selectDecisionLanes } from "./pending-store.ts";
import { takePendingTurn } from "./pending-turn.ts";

/**
 * Gives each route that has something to decide one turn: first come, first decided, whichever process it is that works on
 * the route. Answers with how much was done; call again while it is something. A route that fails is logged and holds up no
 * other.
 */
export async function decidePending(services: TaskServices): Promise<number> {
  const now = new Date(services.clock.now());
  let done = 0;
  for (const { routeId, isDue } of await selectDecisionLanes(services.db, now))
    try {
      const turn = await takePendingTurn(services, routeId, now);
      if (turn === undefined) continue;
      done += turn.decided;
      if (isDue || turn.isBlocked) done += await endDueDebounces(services, routeId, turn.decidedUpTo);
    } catch (err) {
      const ids = { routeId: toWireId("route", routeId) };
      services.log.warn({ unit: "decisions", ...ids, err }, "a route could not decide; trying again shortly");
    }
  return done;
}
