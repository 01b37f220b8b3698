import { toWireId } from "../lib/ids.ts";
import type { EndpointCache, EndpointRecord } from "../endpoints/endpoint-cache.ts";
import type { FairShare } from "../platform/fair-claim.ts";
import type { GroupedJob, JobAttempt } from "../platform/queue.ts";
import type { Services } from "../platform/services.ts";
import { deliveryQueue } from "./delivery-queue.ts";

/** A delivery in this process' hands. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly projectId: string;
  /** As the receiver sees it. */
  readonly messageWireId: string;
  readonly endpoint: EndpointRecord;
  readonly job: JobAttempt;
  readonly attempts: number;
  readonly retriesSpent: number;
  /** When it was made, or was last made pending again. */
  readonly firstDueAt: Date;
  readonly payload: Buffer;
  /** Milliseconds since the epoch. */
  readonly claimedAt: number;
}

/** What a claim brought. */
export interface DeliveryClaim {
  readonly claimed: readonly ClaimedDelivery[];
  /** The jobs of each endpoint that gave any, those included whose delivery was settled already. */
  readonly jobsOf: ReadonlyMap<string, number>;
}

/** A claimed job, and its delivery unless that is settled already. */
interface ClaimedRow extends GroupedJob {
  readonly delivery: boolean;
  readonly project_id: string;
  readonly message_id: string;
  readonly endpoint_id: string;
  readonly attempts: number;
  readonly retries_spent: number;
  readonly first_due_at: Date;
  readonly payload: Buffer;
}

const readClaimed = `
  SELECT c.*, d.id IS NOT NULL AS delivery, d.project_id, d.message_id, d.endpoint_id, d.attempts, d.retries_spent,
         coalesce(d.redriven_at, d.created_at) AS first_due_at, m.payload
  FROM claimed c
  LEFT JOIN deliveries d ON d.id = c.id AND d.state = 'pending'
  LEFT JOIN messages m ON m.id = d.message_id`;

function countByEndpoint(jobs: readonly GroupedJob[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { groupId } of jobs) counts.set(groupId, (counts.get(groupId) ?? 0) + 1);
  return counts;
}

/**
 * Claims due deliveries, so many of each endpoint as `share` says. The claim commits before anything is sent: no connection
 * is held over a call. It commits with the reading of what was claimed, for a claim that came to nothing would hold the
 * deliveries until it lapses. A job whose delivery is settled already is dropped.
 */
export async function claimDeliveries(
  services: Services,
  endpoints: EndpointCache,
  share: FairShare,
): Promise<DeliveryClaim> {
  return await services.db.transaction(async (tx) => {
    const claimedAt = services.clock.now();
    const jobs = await services.queue.claimFairly<ClaimedRow>(tx, deliveryQueue, share, readClaimed);
    const jobsOf = countByEndpoint(jobs);
    if (jobs.length === 0) return { claimed: [], jobsOf };
    const rows = jobs.filter((job) => job.delivery && job.payload !== null);
    const records = await endpoints.getMany(
      tx,
      rows.map((row) => row.endpoint_id),
    );
    const unused = new Map<string, JobAttempt>(jobs.map(({ id, retryCount }) => [id, { id, retryCount }]));
    const claimed = rows.flatMap((row): ClaimedDelivery[] => {
      const job = unused.get(row.id);
      unused.delete(row.id);
      const endpoint = records.get(row.endpoint_id);
      if (job === undefined || endpoint === undefined) return [];
      return [
        {
          id: row.id,
          projectId: row.project_id,
          messageWireId: toWireId("message", row.message_id),
          endpoint,
          job,
          attempts: row.attempts,
          retriesSpent: row.retries_spent,
          firstDueAt: row.first_due_at,
          payload: row.payload,
          claimedAt,
        },
      ];
    });
    await services.queue.remove(tx, deliveryQueue, [...unused.values()]);
    return { claimed, jobsOf };
  });
}
