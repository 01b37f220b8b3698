import type { TaskServices } from "./announce-tasks.ts";
import { approvedSettlement, rejectedSettlement } from "./decide-approval.ts";
import type { InputRequest } from "./input-request.ts";
import { type Settlement, settleTasks } from "./settle-tasks.ts";

interface ExpiredRow {
  readonly id: string;
  readonly request: InputRequest;
  readonly result: unknown;
}

const maxBatch = 200;

// SKIP LOCKED: whoever answers at this very moment is in time.
const selectExpired = {
  name: "select_expired_requests",
  text: `SELECT id, request, result FROM tasks
         WHERE request_expires_at <= $1 AND state = 'input_required'
         ORDER BY request_expires_at LIMIT ${maxBatch} FOR UPDATE SKIP LOCKED`,
};

function settlementOf({ id, request, result }: ExpiredRow): Settlement {
  if (request.onExpiry === "approve") return approvedSettlement({ id, result });
  if (request.onExpiry === "reject")
    return rejectedSettlement(id, "approval_expired", "Nobody approved the result in time");
  const error = { code: "input_expired", message: "Nobody answered in time" };
  return { taskId: id, to: "failed", reason: "input_expired", error };
}

/** Ends the wait of tasks whom nobody answered in time, as each one says. Answers how many there were. */
export async function expireRequests(services: TaskServices): Promise<number> {
  return await services.db.transaction(async (tx) => {
    const rows = await tx.query<ExpiredRow>(selectExpired, [new Date(services.clock.now())]);
    await settleTasks(tx, services, rows.map(settlementOf));
    return rows.length;
  });
}
