import type { Context } from "../../src/access/context.ts";
import { createAgentCache } from "../../src/agents/agent-cache.ts";
import { AgentOutcomes } from "../../src/agents/agent-outcomes.ts";
import { WorkerPresence } from "../../src/agents/worker-presence.ts";
import { createAgent } from "../../src/agents/create-agent.ts";
import { ensureQueues } from "../../src/background.ts";
import { EndpointHealth } from "../../src/deliveries/endpoint-health.ts";
import { DeliveryPump } from "../../src/deliveries/delivery-pump.ts";
import { createAttemptCommit } from "../../src/deliveries/record-attempts.ts";
import { createEndpointCache } from "../../src/endpoints/endpoint-cache.ts";
import { BudgetCache } from "../../src/budgets/budget-cache.ts";
import { MessageInterest } from "../../src/endpoints/message-interest.ts";
import { EventAcceptor, type VerifiedDelivery } from "../../src/events/accept-events.ts";
import { fromWireId, type IdKind, toWireId } from "../../src/lib/ids.ts";
import { createRoute } from "../../src/routing/create-route.ts";
import { createRouteCache } from "../../src/routing/route-cache.ts";
import { createSource } from "../../src/sources/create-source.ts";
import { createSourceCache } from "../../src/sources/source-cache.ts";
import type { TaskServices } from "../../src/tasks/announce-tasks.ts";
import type { Services } from "../../src/platform/services.ts";
import { createSettleCommit, settleUnderLease } from "../../src/tasks/complete-task.ts";
import type { Claim } from "../../src/tasks/held-task.ts";
import type { LeasedTask } from "../../src/tasks/lease-of-agent.ts";
import { leaseTasksNow } from "../../src/tasks/lease-tasks.ts";

/** The uuid of a wire id that is known to be good. */
export function uuidOf(kind: IdKind, wireId: string): string {
  const uuid = fromWireId(kind, wireId);
  if (uuid === undefined) throw new Error(`not the id of a ${kind}: ${wireId}`);
  return uuid;
}

/** The stages behind the API, as the hub connects them, for tests that need a past to look at. */
export interface TestPipeline {
  /** A context with what the verbs on tasks need. */
  with(ctx: Context): Context & TaskServices;
  /** A source in the context's project; answers with its wire id. */
  source(ctx: Context): Promise<string>;
  /** An agent, and a route to it of all that comes in. */
  agentWithRoute(ctx: Context, name: string): Promise<{ readonly routeId: string }>;
  /** Accepts a delivery; answers with the event's wire id. */
  accept(sourceId: string, delivery?: Partial<Omit<VerifiedDelivery, "source">>): Promise<string>;
  /** Leases what there is for an agent, one task at most. */
  lease(ctx: Context, agent: string): Promise<LeasedTask>;
  /** What the holder of a lease shows with each of its calls. */
  claim(ctx: Context, leased: LeasedTask): Claim;
  complete(ctx: Context, leased: LeasedTask, result: unknown): Promise<void>;
  /** Sends what is due and writes it down. */
  deliver(): Promise<void>;
}

function claimOf({ actor }: Context, { id: taskId, leaseToken }: LeasedTask): Claim {
  return { actor, taskId, leaseToken };
}

/** What the stages need, over a test's context. */
export function taskServicesOf(base: Services): TaskServices {
  const agents = createAgentCache(base);
  return {
    ...base,
    agents,
    interest: new MessageInterest(base),
    budgets: new BudgetCache(base),
    outcomes: new AgentOutcomes(base, agents),
    presence: new WorkerPresence(base),
    routes: createRouteCache(base),
  };
}

/** Makes the stages over a test's context. */
export async function createTestPipeline(base: Context): Promise<TestPipeline> {
  await ensureQueues(base);
  const services = taskServicesOf(base);
  const acceptor = new EventAcceptor(services, createRouteCache(services));
  const sources = createSourceCache(services);
  const settle = createSettleCommit(services);
  let count = 0;
  return {
    with: (ctx) => ({ ...services, ...ctx }),

    source: async (ctx) => {
      const secrets = ["a secret of a provider"];
      return (await createSource(ctx, { name: "A source", provider: "github", secrets })).id;
    },

    agentWithRoute: async (ctx, name) => {
      await createAgent(ctx, { name, runner: { type: "pull" } });
      const route = await createRoute(ctx, { name: `All to ${name}`, agent: name, task: { input: "Do it" } });
      return { routeId: route.id };
    },

    accept: async (sourceId, delivery = {}) => {
      const source = await sources.get(services.db, uuidOf("source", sourceId));
      if (source === undefined) throw new Error("no such source");
      count += 1;
      const { eventId } = await acceptor.accept({
        source,
        deliveryId: `delivery-${count}`,
        eventType: "push",
        headers: { "x-github-event": "push" },
        contentType: "application/json",
        rawBody: Buffer.from('{"n":1}'),
        body: { n: 1 },
        ...delivery,
      });
      return toWireId("event", eventId);
    },

    lease: async (ctx, agent) => {
      const { id } = await services.db.kysely
        .selectFrom("agents")
        .select("id")
        .where("project_id", "=", ctx.actor.projectId)
        .where("name", "=", agent)
        .where("deleted_at", "is", null)
        .executeTakeFirstOrThrow();
      const record = await services.agents.get(services.db, id);
      if (record === undefined) throw new Error("no such agent");
      const request = { actor: ctx.actor, workerId: "a worker", agents: [record], max: 1 };
      const [leased] = await leaseTasksNow(services, request);
      if (leased === undefined) throw new Error(`nothing to lease for ${agent}`);
      return leased;
    },

    claim: claimOf,

    complete: async (ctx, leased, result) => {
      await settleUnderLease(settle, claimOf(ctx, leased), { to: "completed", result, usage: { tokens: 7 } });
    },

    deliver: async () => {
      const tell = () => Promise.resolve();
      const health = new EndpointHealth(services, tell);
      const pump = new DeliveryPump(
        services,
        createEndpointCache(services),
        createAttemptCommit(services, tell),
        health,
      );
      await pump.drain();
      await pump.stop();
    },
  };
}
