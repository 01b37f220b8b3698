import type { Recurring } from "../platform/recurring.ts";
import type { Services } from "../platform/services.ts";
import { startWoken } from "../platform/start-woken.ts";

// For what no signal tells of: the end of a debounce, and news that went missing.
const backstopSeconds = 0.5;

/**
 * Starts the work of one process on the lanes of routes: as soon as a commit has left something to decide, and every half
 * second besides. `work` decides on what there is.
 */
export function startDecider(services: Services, work: () => Promise<void>): Recurring {
  return startWoken("decisions", { topic: "decisions", intervalSeconds: backstopSeconds }, services, work);
}
