import type { Settings } from "../platform/config.ts";
import type { QueueOptions } from "../platform/queue.ts";

/** The queue of deliveries that are due now. A job's id is its delivery's, its group the endpoint. */
export const deliveryQueue = "deliveries";

/** Where deliveries land that pg-boss gave up on: the hub died with them in hand, again and again. */
export const deadDeliveryQueue = "deliveries.dead";

/** How long a claimed delivery may be in hand, waiting for its endpoint's turn included, before another process may claim it. */
export function claimSeconds({ timeoutSeconds, claimSlackSeconds }: Settings["deliveries"]): number {
  return timeoutSeconds + claimSlackSeconds;
}

/** How the delivery queue treats its jobs: a table of its own, and ten crashes before a delivery is given up. */
export function deliveryQueueOptions(settings: Settings["deliveries"]): QueueOptions {
  return {
    deadLetter: deadDeliveryQueue,
    partition: true,
    fair: true,
    retryLimit: 10,
    retryDelay: 1,
    expireInSeconds: claimSeconds(settings),
  };
}
