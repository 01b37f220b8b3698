import type { Services } from "../platform/services.ts";
import { deliveryQueue } from "./delivery-queue.ts";
import type { AttemptRecord, DeliveryRecord } from "./record-attempts.ts";

/** A delivery that arrived. */
type Success = DeliveryRecord & { readonly attempt: AttemptRecord };

/** Whether nothing else is to be written of a delivery than that it arrived. */
export function isSuccess(record: DeliveryRecord): record is Success {
  return record.state === "succeeded" && record.attempt !== undefined && record.held !== true;
}

// What record-attempts.ts writes of a success, and nothing of the rest, in a statement that is a transaction by itself: a
// third of the trips, and half of the values. The job goes by its attempt, as there, and after the deliveries are settled, which
// counting them sees to: whoever cancels one locks it before its job.
function recordStatement(table: string): { readonly name: string; readonly text: string } {
  return {
    name: "record_successes",
    text: `WITH input AS (
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::int[], $7::int[], $8::json[],
                                  $9::json[], $10::bytea[], $11::boolean[], $12::timestamptz[])
               AS i (id, project_id, retry_count, status, attempt_id, number, duration_ms, request_headers,
                     response_headers, response_body, response_truncated, started_at)
           ), written AS (
             INSERT INTO attempts (id, delivery_id, project_id, number, outcome, status, duration_ms, request_headers,
                                   response_headers, response_body, response_truncated, started_at)
             SELECT attempt_id, id, project_id, number, 'succeeded', status, duration_ms, request_headers,
                    response_headers, response_body, response_truncated, started_at
             FROM input
             ON CONFLICT DO NOTHING
           ), counted AS (
             UPDATE deliveries d SET attempts = d.attempts + 1
             FROM input i WHERE d.id = i.id AND d.state <> 'pending'
           ), settled AS (
             UPDATE deliveries d
             SET state = 'succeeded', held = false, next_attempt_at = NULL, last_status = i.status,
                 last_outcome = 'succeeded', attempts = d.attempts + 1, settled_at = $13
             FROM input i WHERE d.id = i.id AND d.state = 'pending'
             RETURNING d.id
           )
           DELETE FROM ${table} j USING input i, (SELECT count(*) FROM settled) AS first
           WHERE j.name = '${deliveryQueue}' AND j.id = i.id AND j.retry_count = i.retry_count AND j.state = 'active'`,
  };
}

/** Writes down deliveries that arrived, in the order of their ids: each attempt, the state, and the end of the job. */
export async function recordSuccesses(services: Services, records: readonly Success[]): Promise<void> {
  const attempts = records.map((record) => record.attempt);
  await services.db.query(recordStatement(services.queue.tableOf(deliveryQueue)), [
    records.map((record) => record.deliveryId),
    records.map((record) => record.projectId),
    records.map((record) => record.job.retryCount),
    attempts.map((attempt) => attempt.status ?? null),
    attempts.map((attempt) => attempt.id),
    attempts.map((attempt) => attempt.number),
    attempts.map((attempt) => Math.round(attempt.durationMs)),
    attempts.map((attempt) => JSON.stringify(attempt.requestHeaders)),
    attempts.map(({ responseHeaders }) => (responseHeaders === undefined ? null : JSON.stringify(responseHeaders))),
    attempts.map((attempt) => attempt.responseBody ?? null),
    attempts.map((attempt) => attempt.responseTruncated),
    attempts.map((attempt) => attempt.startedAt),
    new Date(services.clock.now()),
  ]);
}
