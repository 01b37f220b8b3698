import type { Services } from "../platform/services.ts";
import { deleteEndpointStats } from "./endpoint-health-store.ts";

const dayMs = 86_400_000;

/** Forgets the numbers of endpoints that are older than `statsDays`. */
export async function forgetOldStats({ db, clock, settings }: Services): Promise<void> {
  await deleteEndpointStats(db, new Date(clock.now() - settings.deliveries.statsDays * dayMs));
}
