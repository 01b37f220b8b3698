import { deadTaskQueue } from "./agents/agent-queue.ts";
import type { DeliveryPump } from "./deliveries/delivery-pump.ts";
import { deadDeliveryQueue, deliveryQueue, deliveryQueueOptions } from "./deliveries/delivery-queue.ts";
import { promoteDueDeliveries } from "./deliveries/promote-due-deliveries.ts";
import { settleDeadDeliveries } from "./deliveries/settle-dead-deliveries.ts";
import { forgetExpiredKeys } from "./events/forget-expired-keys.ts";
import { purgeIdempotencyKeys } from "./http/idempotency.ts";
import { releaseHeldEvents } from "./events/release-held-events.ts";
import { analyzeGrownTables } from "./platform/analyze-grown-tables.ts";
import { ensureDailyPartitions } from "./platform/daily-partitions.ts";
import { type Recurring, startRecurring } from "./platform/recurring.ts";
import type { Services } from "./platform/services.ts";
import type { RouteCache } from "./routing/route-cache.ts";
import type { TaskServices } from "./tasks/announce-tasks.ts";
import { expireLeases } from "./tasks/expire-leases.ts";
import { promoteDueTasks } from "./tasks/promote-due-tasks.ts";
import { settleDeadTasks } from "./tasks/settle-dead-tasks.ts";

/** The work of a hub that no request asks for. */
export interface Background {
  /** Does what is due until nothing is. */
  processAll(): Promise<void>;
  /** Begins nothing more; resolves when what was under way is done. */
  stop(): Promise<void>;
}

/** Creates the queues that all processes share. A dead-letter queue must exist before the queue that names it. */
export async function ensureQueues(services: Services): Promise<void> {
  await services.queue.ensure(deadTaskQueue);
  await services.queue.ensure(deadDeliveryQueue);
  await services.queue.ensure(deliveryQueue, deliveryQueueOptions(services.settings.deliveries));
}

async function maintain(services: Services): Promise<void> {
  await ensureDailyPartitions(services.db, services.clock.now(), services.log);
  await forgetExpiredKeys(services);
  await purgeIdempotencyKeys(services);
}

const statisticsSeconds = 5;
const releaseSeconds = 1;

/** Starts the background work of one process. Any number of processes may do it side by side. */
export async function startBackground(
  services: TaskServices,
  pump: DeliveryPump,
  routes: RouteCache,
): Promise<Background> {
  const { settings, log, queue, metrics } = services;
  await ensureDailyPartitions(services.db, services.clock.now(), log);
  metrics.gauge("hookyard_deliveries_under_way", "Deliveries being sent or written down.", () => pump.underWay);

  const stopping = new AbortController();
  // A stop waits for the batch under way, not for the backlog.
  const untilDone = async (batch: () => Promise<number>): Promise<void> => {
    while (!stopping.signal.aborted && (await batch()) > 0);
  };
  const { sweepIntervalSeconds } = settings.tasks;
  const { promoteIntervalSeconds } = settings.deliveries;
  const recurring: readonly Recurring[] = [
    startRecurring("held events", releaseSeconds, () => untilDone(() => releaseHeldEvents(services, routes)), log),
    startRecurring("lease sweep", sweepIntervalSeconds, () => untilDone(() => expireLeases(services)), log),
    startRecurring("dead tasks", sweepIntervalSeconds, () => untilDone(() => settleDeadTasks(services)), log),
    startRecurring("dead deliveries", sweepIntervalSeconds, () => untilDone(() => settleDeadDeliveries(services)), log),
    startRecurring("due tasks", promoteIntervalSeconds, () => untilDone(() => promoteDueTasks(services)), log),
    startRecurring(
      "due deliveries",
      promoteIntervalSeconds,
      () => untilDone(() => promoteDueDeliveries(services)),
      log,
    ),
  ];
  const statistics = startRecurring("statistics", statisticsSeconds, () => analyzeGrownTables(services.db, log), log);
  await queue.onSchedule("maintenance", "7 * * * *", () => maintain(services));
  pump.wake();

  return {
    processAll: async () => {
      for (const each of recurring) await each.run();
      await pump.drain();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([statistics, ...recurring].map((each) => each.stop()));
      await pump.stop();
    },
  };
}
