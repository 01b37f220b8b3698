import { PgBoss } from "pg-boss";
import type { Context } from "../../src/access/context.ts";
import { ensureQueues } from "../../src/background.ts";
import { deliveryQueue } from "../../src/deliveries/delivery-queue.ts";
import { DeliveryPump } from "../../src/deliveries/delivery-pump.ts";
import { EndpointHealth } from "../../src/deliveries/endpoint-health.ts";
import type { Tell } from "../../src/deliveries/hub-news.ts";
import { promoteDueDeliveries } from "../../src/deliveries/promote-due-deliveries.ts";
import { type AttemptCommit, createAttemptCommit } from "../../src/deliveries/record-attempts.ts";
import type { AttemptRow, DeliveryRow } from "../../src/deliveries/store.ts";
import { createEndpoint, type NewEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { createEndpointCache, type EndpointCache } from "../../src/endpoints/endpoint-cache.ts";
import { createIdGenerator } from "../../src/lib/ids.ts";
import { type Announcement, announce } from "../../src/messages/announce.ts";
import { loadConfig, type Settings } from "../../src/platform/config.ts";
import type { Services } from "../../src/platform/services.ts";
import { RunningTestClock } from "./test-clock.ts";
import { createTestContext } from "./test-context.ts";
import { uuidOf } from "./test-pipeline.ts";

/** What a test wants of its stage. */
export interface DeliveryStageOptions {
  readonly settings?: Partial<Settings["deliveries"]>;
  /** Absent: may reach loopback. */
  readonly outbound?: Services["outbound"];
}

/** A job as pg-boss holds it. */
export interface StoredJob {
  readonly id: string;
  readonly state: string;
  readonly retryCount: number;
}

/** The stages that announce and deliver, on a database of their own, with a pump that the test starts. */
export interface DeliveryStage extends AsyncDisposable {
  /** An owner's, in the test's project. */
  readonly ctx: Context;
  readonly clock: RunningTestClock;
  inAnotherProject(): Promise<Context>;
  /** Answers with the endpoint's uuid and its secret. */
  addEndpoint(
    url: string,
    fields?: Omit<NewEndpoint, "url">,
  ): Promise<{ readonly id: string; readonly secret: string }>;
  /** Announces as many messages as there are entries; answers with their uuids. */
  announce(...announcements: readonly Partial<Announcement>[]): Promise<(string | undefined)[]>;
  /** Announces `count` messages of type `test.sent`. */
  announceMany(count: number): Promise<void>;
  endpointCache(): EndpointCache;
  attemptCommit(): AttemptCommit;
  /** Starts a pump, as one more process would. */
  startPump(commit?: AttemptCommit): DeliveryPump;
  /** Starts one that does not stop with the stage. */
  startDoomedPump(commit: AttemptCommit): DeliveryPump;
  readonly tell: Tell;
  /** Makes due deliveries ready and sends what there is, with the pump that was started first, and says how it went. */
  processAll(): Promise<void>;
  /** Oldest first. */
  deliveries(endpointId?: string): Promise<DeliveryRow[]>;
  /** Oldest first. */
  attempts(): Promise<AttemptRow[]>;
  jobs(): Promise<StoredJob[]>;
  /** Lets all claims lapse and has pg-boss take them back. */
  lapseClaims(): Promise<void>;
}

async function superviseDeliveries(ctx: Context): Promise<void> {
  const [row] = await ctx.db.query<{ name: string }>({ text: "SELECT current_database() AS name" }, []);
  const url = new URL(process.env["TEST_DATABASE_URL"] ?? "");
  url.pathname = `/${row?.name}`;
  const boss = new PgBoss({ connectionString: url.href, max: 2, supervise: false, schedule: false });
  await boss.start();
  try {
    await boss.supervise(deliveryQueue);
  } finally {
    await boss.stop({ graceful: false });
  }
}

/** Starts the stage without a pump. */
export async function startDeliveryStage(options: DeliveryStageOptions = {}): Promise<DeliveryStage> {
  const base = await createTestContext();
  const clock = new RunningTestClock();
  const config = loadConfig({});
  const ctx: Context = {
    ...base,
    clock,
    newId: createIdGenerator(clock),
    settings: { ...config, deliveries: { ...config.deliveries, ...options.settings } },
    ...(options.outbound === undefined ? {} : { outbound: options.outbound }),
  };
  await ensureQueues(ctx);
  const pumps: DeliveryPump[] = [];

  const tell: Tell = (tx, news) => announce(tx, ctx, news);
  const health = new EndpointHealth(ctx, tell);
  const attemptCommit = (): AttemptCommit => createAttemptCommit(ctx, tell);
  const announceAll = async (announcements: readonly Partial<Announcement>[]): Promise<(string | undefined)[]> => {
    const { projectId } = ctx.actor;
    const complete = announcements.map((given) => ({ projectId, type: "test.sent", data: {}, ...given }));
    return await ctx.db.transaction((tx) => announce(tx, ctx, complete));
  };

  const startDoomedPump = (commit: AttemptCommit): DeliveryPump => {
    const pump = new DeliveryPump(ctx, createEndpointCache(ctx), commit, health);
    pump.wake();
    return pump;
  };

  return {
    ctx,
    clock,
    tell,
    inAnotherProject: async () => ({ ...ctx, actor: (await base.inAnotherProject()).actor }),
    addEndpoint: async (url, fields = {}) => {
      const { id, secret } = await createEndpoint(ctx, { url, ...fields });
      return { id: uuidOf("endpoint", id), secret: secret ?? "" };
    },
    announce: (...announcements) => announceAll(announcements),
    announceMany: async (count) => {
      await announceAll(Array.from({ length: count }, (_, index) => ({ data: { index } })));
    },
    endpointCache: () => createEndpointCache(ctx),
    attemptCommit,
    startPump: (commit = attemptCommit()) => {
      const pump = startDoomedPump(commit);
      pumps.push(pump);
      return pump;
    },
    startDoomedPump,
    processAll: async () => {
      while ((await promoteDueDeliveries(ctx)) > 0);
      await pumps[0]?.drain();
      await health.flush();
      await pumps[0]?.drain();
    },
    deliveries: async (endpointId) =>
      await ctx.db.kysely
        .selectFrom("deliveries")
        .selectAll()
        .$if(endpointId !== undefined, (query) => query.where("endpoint_id", "=", endpointId as string))
        .orderBy("id")
        .execute(),
    attempts: async () => await ctx.db.kysely.selectFrom("attempts").selectAll().orderBy("id").execute(),
    jobs: async () =>
      await ctx.db.query<StoredJob>(
        { text: `SELECT id, state, retry_count AS "retryCount" FROM pgboss.job WHERE name = $1 ORDER BY id` },
        [deliveryQueue],
      ),
    lapseClaims: async () => {
      const lapse = `UPDATE pgboss.job SET started_on = started_on - interval '1 day' WHERE name = $1 AND state = 'active'`;
      await ctx.db.query({ text: lapse }, [deliveryQueue]);
      await ctx.db.query({ text: "UPDATE pgboss.queue SET monitor_on = NULL, monitor_claim_on = NULL" }, []);
      await superviseDeliveries(ctx);
      const due = "UPDATE pgboss.job SET start_after = now() WHERE name = $1 AND state = 'retry'";
      await ctx.db.query({ text: due }, [deliveryQueue]);
    },
    async [Symbol.asyncDispose]() {
      // What is under way ends as aborted: a receiver may never answer.
      const stopped = pumps.map((pump) => pump.stop());
      await ctx.outbound.close();
      await Promise.all(stopped);
      await base[Symbol.asyncDispose]();
    },
  };
}
