import type { EndpointCache, EndpointRecord } from "../endpoints/endpoint-cache.ts";
import type { Job } from "../platform/queue.ts";
import type { Services } from "../platform/services.ts";
import { deliveryQueue } from "./delivery-queue.ts";

/** A delivery in this process' hands. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly projectId: string;
  readonly messageId: string;
  readonly endpoint: EndpointRecord;
  readonly job: Job;
  readonly attempts: number;
  readonly retriesSpent: number;
  readonly payload: Buffer;
  /** Milliseconds since the epoch. */
  readonly claimedAt: number;
}

interface ClaimedRow {
  readonly id: string;
  readonly project_id: string;
  readonly message_id: string;
  readonly endpoint_id: string;
  readonly attempts: number;
  readonly retries_spent: number;
  readonly payload: Buffer;
}

const selectClaimed = {
  name: "select_claimed_deliveries",
  text: `SELECT d.id, d.project_id, d.message_id, d.endpoint_id, d.attempts, d.retries_spent, m.payload
         FROM deliveries d JOIN messages m ON m.id = d.message_id
         WHERE d.id = ANY ($1) AND d.state = 'pending'`,
};

/**
 * Claims up to `limit` due deliveries, passing over the given endpoints. The claim commits before anything is sent: no
 * connection is held over a call. A job whose delivery is settled already is dropped. Answers also how many jobs there
 * were, for whoever asks whether there may be more.
 */
export async function claimDeliveries(
  services: Services,
  endpoints: EndpointCache,
  limit: number,
  ignoredEndpoints: readonly string[],
): Promise<{ readonly claimed: ClaimedDelivery[]; readonly jobs: number }> {
  const jobs = await services.queue.fetch(services.db, deliveryQueue, limit, ignoredEndpoints);
  if (jobs.length === 0) return { claimed: [], jobs: 0 };
  const claimedAt = services.clock.now();
  const rows = await services.db.query<ClaimedRow>(selectClaimed, [jobs.map((job) => job.id)]);
  const records = await endpoints.getMany(
    services.db,
    rows.map((row) => row.endpoint_id),
  );
  const jobOf = new Map(jobs.map((job) => [job.id, job]));
  const claimed = rows.flatMap((row): ClaimedDelivery[] => {
    const job = jobOf.get(row.id);
    const endpoint = records.get(row.endpoint_id);
    if (job === undefined || endpoint === undefined) return [];
    jobOf.delete(row.id);
    return [
      {
        id: row.id,
        projectId: row.project_id,
        messageId: row.message_id,
        endpoint,
        job,
        attempts: row.attempts,
        retriesSpent: row.retries_spent,
        payload: row.payload,
        claimedAt,
      },
    ];
  });
  await services.queue.remove(services.db, deliveryQueue, [...jobOf.values()]);
  return { claimed, jobs: jobs.length };
}
