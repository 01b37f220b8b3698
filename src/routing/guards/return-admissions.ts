import { returnReservations } from "../../budgets/return-reservations.ts";
import type { Transaction } from "../../platform/database.ts";
import type { TaskServices } from "../../tasks/announce-tasks.ts";
import type { Admission } from "./admit.ts";

const uncountTasks = {
  name: "uncount_breaker_tasks",
  text: `UPDATE route_breakers b SET count = greatest(0, b.count - i.count)
         FROM (SELECT route_id, count(*)::int AS count FROM unnest($1::uuid[]) AS t (route_id) GROUP BY route_id) AS i
         WHERE b.route_id = i.route_id`,
};

/**
 * Counts tasks no more that `admit` let through in this transaction and that were not made after all, since a key of theirs was
 * taken. Their rates stay counted, for those are about events.
 */
export async function returnAdmissions(
  tx: Transaction,
  services: TaskServices,
  admissions: readonly Admission[],
): Promise<void> {
  if (admissions.length === 0) return;
  const broken = admissions.filter(({ limits }) => limits?.breaker !== undefined);
  if (broken.length > 0) await tx.query(uncountTasks, [broken.map(({ routeId }) => routeId)]);
  const tasks = admissions.map(({ taskId: id, projectId, agentId, routeId }) => ({ id, projectId, agentId, routeId }));
  await returnReservations(tx, services, tasks);
}
