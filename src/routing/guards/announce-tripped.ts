import { toWireId } from "../../lib/ids.ts";
import { announce } from "../../messages/announce.ts";
import type { Transaction } from "../../platform/database.ts";
import type { Services } from "../../platform/services.ts";
import type { CandidateLimits } from "../pending-candidate.ts";
import type { Breakers } from "./breakers.ts";

const selectNames = { name: "names_of_routes", text: "SELECT id, name FROM routes WHERE id = ANY ($1)" };

/** A task that its route's breaker stopped by opening. */
interface StoppedTask {
  readonly projectId: string;
  readonly routeId: string;
  readonly limits?: CandidateLimits | undefined;
}

/** Says `route.paused` of each route whose breaker has just opened: once, however many tasks it stopped. */
export async function announceTripped(
  tx: Transaction,
  services: Services,
  stopped: readonly StoppedTask[],
  breakers: Breakers,
): Promise<void> {
  const tripped = new Map(stopped.map((task) => [task.routeId, task]));
  if (tripped.size === 0) return;
  const rows = await tx.query<{ id: string; name: string }>(selectNames, [[...tripped.keys()]]);
  const names = new Map(rows.map((row) => [row.id, row.name]));
  const announcements = [...tripped.values()].map(({ routeId, projectId, limits }) => {
    const route = {
      id: toWireId("route", routeId),
      name: names.get(routeId) ?? "",
      reason: "breaker",
      tasks: limits?.breaker?.tasks,
      perSeconds: limits?.breaker?.perSeconds,
      resumesAt: new Date(breakers.get(routeId)?.openUntil ?? 0).toISOString(),
    };
    return { projectId, type: "route.paused", data: { route } };
  });
  await announce(tx, services, announcements);
}
