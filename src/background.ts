import { countNewRows } from "./analytics/count-new-rows.ts";
import { deadTaskQueue } from "./agents/agent-queue.ts";
import { takeInCharges } from "./budgets/take-in-charges.ts";
import type { DeliveryPump } from "./deliveries/delivery-pump.ts";
import { deadDeliveryQueue, deliveryQueue, deliveryQueueOptions } from "./deliveries/delivery-queue.ts";
import type { EndpointHealth } from "./deliveries/endpoint-health.ts";
import { endDeliveriesHeldTooLong } from "./deliveries/end-held-deliveries.ts";
import { forgetOldStats } from "./deliveries/forget-old-stats.ts";
import type { Tell } from "./deliveries/hub-news.ts";
import { promoteDueDeliveries } from "./deliveries/promote-due-deliveries.ts";
import { runBulkOperations } from "./deliveries/run-bulk-operations.ts";
import { settleDeadDeliveries } from "./deliveries/settle-dead-deliveries.ts";
import { acceptOwnMessages } from "./events/accept-own-messages.ts";
import { advanceReplays } from "./events/advance-replays.ts";
import { applyRetention } from "./events/apply-retention.ts";
import { forgetExpiredKeys } from "./events/forget-expired-keys.ts";
import { sendPushes } from "./http/a2a/send-pushes.ts";
import { purgeIdempotencyKeys } from "./http/idempotency.ts";
import { releaseHeldEvents } from "./events/release-held-events.ts";
import { advanceErasure } from "./messages/advance-erasure.ts";
import { eraseLateAttempts } from "./messages/erase-late-attempts.ts";
import { ownMessageQueue } from "./messages/own-message-queue.ts";
import { analyzeGrownTables } from "./platform/analyze-grown-tables.ts";
import { ensureDailyPartitions } from "./platform/daily-partitions.ts";
import { type Recurring, startRecurring } from "./platform/recurring.ts";
import type { Services } from "./platform/services.ts";
import { startWoken } from "./platform/start-woken.ts";
import { endPeerCalls } from "./runners/a2a/end-peer-calls.ts";
import { PeerCards } from "./runners/a2a/peer-cards.ts";
import { decidePending } from "./routing/decide-pending.ts";
import { forgetEndedRates } from "./routing/guards/rate-windows.ts";
import type { RouteCache } from "./routing/route-cache.ts";
import { startDecider } from "./routing/start-decider.ts";
import { fireSchedules } from "./schedules/fire-schedules.ts";
import { scheduleQueue } from "./schedules/schedule-queue.ts";
import { syncSchedules } from "./schedules/sync-schedules.ts";
import type { TaskServices } from "./tasks/announce-tasks.ts";
import { cancelSuperseded } from "./tasks/cancel-superseded.ts";
import { expireLeases } from "./tasks/expire-leases.ts";
import { expireRequests } from "./tasks/expire-requests.ts";
import { failDependents } from "./tasks/fail-dependents.ts";
import { forgetKeptKeys } from "./tasks/forget-kept-keys.ts";
import { promoteDueTasks } from "./tasks/promote-due-tasks.ts";
import { settleDeadTasks } from "./tasks/settle-dead-tasks.ts";
import { sweepContents } from "./tasks/sweep-contents.ts";

/** The work of a hub that no request asks for. */
export interface Background {
  /** Does what is due until nothing is. */
  processAll(): Promise<void>;
  /** Begins nothing more; resolves when what was under way is done. */
  stop(): Promise<void>;
}

/** What sends, what watches how that goes, and how it is told. */
export interface DeliveryWork {
  readonly pump: DeliveryPump;
  readonly health: EndpointHealth;
  readonly tell: Tell;
}

/** Creates the queues that all processes share. A dead-letter queue must exist before the queue that names it. */
export async function ensureQueues(services: Services): Promise<void> {
  await services.queue.ensure(deadTaskQueue);
  await services.queue.ensure(deadDeliveryQueue);
  await services.queue.ensure(scheduleQueue);
  await services.queue.ensure(ownMessageQueue);
  await services.queue.ensure(deliveryQueue, deliveryQueueOptions(services.settings.deliveries));
}

async function maintain(services: TaskServices): Promise<void> {
  await ensureDailyPartitions(services.db, services.clock.now(), services.log);
  await forgetExpiredKeys(services);
  await purgeIdempotencyKeys(services);
  await endDeliveriesHeldTooLong(services);
  await forgetOldStats(services);
  await forgetKeptKeys(services);
  await sweepContents(services);
  await services.presence.forget();
  await forgetEndedRates(services.db, services.clock.now());
  await eraseLateAttempts(services);
  await applyRetention(services);
}

const statisticsSeconds = 5;
const releaseSeconds = 1;
const bulkSeconds = 0.5;
const erasureSeconds = 1;
// How soon an A2A client hears what became of its task, and a peer that its task is not wanted any more.
const peersSeconds = 1;
const healthSeconds = 5;
const analyticsSeconds = 15;
const replaySeconds = 1;
const scheduleSeconds = 1;
const followUpSeconds = 1;
const scheduleTimesSeconds = 60;
const chargesSeconds = 1;

/** Starts the background work of one process. Any number of processes may do it side by side. */
export async function startBackground(
  services: TaskServices,
  { pump, health, tell }: DeliveryWork,
  routes: RouteCache,
): Promise<Background> {
  const { settings, log, queue, metrics } = services;
  await ensureDailyPartitions(services.db, services.clock.now(), log);
  metrics.gauge("hookyard_deliveries_under_way", "Deliveries being sent or written down.", () => pump.underWay);

  const peerCards = new PeerCards(services);
  const stopping = new AbortController();
  // A stop waits for the batch under way, not for the backlog.
  const untilDone = async (batch: () => Promise<number>): Promise<void> => {
    while (!stopping.signal.aborted && (await batch()) > 0);
  };
  const { sweepIntervalSeconds } = settings.tasks;
  const { promoteIntervalSeconds } = settings.deliveries;
  const recurring: readonly Recurring[] = [
    startRecurring("held events", releaseSeconds, () => untilDone(() => releaseHeldEvents(services, routes)), log),
    startRecurring("replays", replaySeconds, () => untilDone(() => advanceReplays(services, routes)), log),
    startDecider(services, () => untilDone(() => decidePending(services))),
    startWoken("own messages", { topic: "ownMessages", intervalSeconds: followUpSeconds }, services, () =>
      untilDone(() => acceptOwnMessages(services, routes)),
    ),
    startRecurring("schedules", scheduleSeconds, () => untilDone(() => fireSchedules(services)), log),
    startRecurring("analytics", analyticsSeconds, () => untilDone(() => countNewRows(services)), log),
    startRecurring("budget charges", chargesSeconds, () => takeInCharges(services), log),
    startRecurring("lease sweep", sweepIntervalSeconds, () => untilDone(() => expireLeases(services)), log),
    startRecurring("unanswered requests", followUpSeconds, () => untilDone(() => expireRequests(services)), log),
    startRecurring("dead tasks", sweepIntervalSeconds, () => untilDone(() => settleDeadTasks(services)), log),
    startWoken("follow-ups", { topic: "followUps", intervalSeconds: followUpSeconds }, services, async () => {
      await untilDone(() => cancelSuperseded(services));
      await untilDone(() => failDependents(services));
    }),
    startRecurring(
      "dead deliveries",
      sweepIntervalSeconds,
      () => untilDone(() => settleDeadDeliveries(services, tell)),
      log,
    ),
    startRecurring("due tasks", promoteIntervalSeconds, () => untilDone(() => promoteDueTasks(services)), log),
    startRecurring("push notifications", peersSeconds, () => untilDone(() => sendPushes(services)), log),
    startRecurring("calls of peers", peersSeconds, () => untilDone(() => endPeerCalls(services, peerCards)), log),
    startRecurring("erasures", erasureSeconds, () => untilDone(() => advanceErasure(services)), log),
    startRecurring("bulk operations", bulkSeconds, () => untilDone(() => runBulkOperations(services)), log),
    startRecurring(
      "due deliveries",
      promoteIntervalSeconds,
      () => untilDone(() => promoteDueDeliveries(services)),
      log,
    ),
  ];
  const healths = startRecurring("endpoint health", healthSeconds, () => health.flush(), log);
  const times = startRecurring("schedule times", scheduleTimesSeconds, () => syncSchedules(services), log);
  const statistics = startRecurring("statistics", statisticsSeconds, () => analyzeGrownTables(services.db, log), log);
  await queue.onSchedule("maintenance", "7 * * * *", () => maintain(services));
  pump.wake();

  return {
    processAll: async () => {
      for (const each of recurring) await each.run();
      await pump.drain();
      await healths.run();
      await pump.drain();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([statistics, times, ...recurring].map((each) => each.stop()));
      await pump.stop();
      await healths.stop();
      await health.flush().catch((err: unknown) => log.warn({ unit: "endpoint health", err }, "counts are lost"));
    },
  };
}
