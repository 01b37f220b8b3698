import { z } from "zod";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { type EndpointRow, selectEndpoint } from "../endpoints/store.ts";
import { NotFoundError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { percentile } from "./duration-class.ts";
import { selectEndpointStats, selectHealth, selectWaiting, type StoredFailure } from "./endpoint-health-store.ts";

/** How an endpoint does. */
export const endpointStatsSchema = z
  .object({
    endpointId: z.string(),
    since: z.iso.datetime().describe("The full hour from which on it is counted."),
    attempts: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    successRate: z.number().exactOptional().describe("Of the attempts, between 0 and 1. Absent when there were none."),
    latencyMs: z
      .object({ p50: z.int(), p95: z.int() })
      .exactOptional()
      .describe("Within how many milliseconds half, and 95 of 100 attempts ended; an eighth off at most."),
    outcomes: z.record(z.string(), z.int()).describe("How many attempts went how."),
    pending: z.int().describe("Deliveries that wait, counted up to 10,000."),
    held: z.int().describe("Those of them that wait for it to be enabled."),
    nextRetryAt: z.iso.datetime().exactOptional(),
    health: z.enum(["healthy", "failing", "disabled"]),
    failingSince: z.iso.datetime().exactOptional().describe("Since when nothing has gone well."),
    failures: z.int().exactOptional().describe("Failed attempts since then."),
    lastError: z
      .object({
        deliveryId: z.string(),
        at: z.iso.datetime(),
        outcome: z.string(),
        status: z.int().exactOptional(),
        error: z.string().exactOptional(),
      })
      .exactOptional(),
    breaker: z
      .object({ state: z.enum(["closed", "open", "half_open"]), until: z.iso.datetime().exactOptional() })
      .describe("Open: nothing is sent until then. Half open: one delivery at a time is tried."),
  })
  .meta({ id: "EndpointStats" });

type EndpointStats = z.infer<typeof endpointStatsSchema>;

type Health = Awaited<ReturnType<typeof selectHealth>>;

function presentHealth(endpoint: EndpointRow, row: Health, now: number, failingAfter: number): Partial<EndpointStats> {
  const isFailing = row !== undefined && row.failing_since !== null && row.failures >= failingAfter;
  const failure = row?.last_failure as StoredFailure | null | undefined;
  const untilMs = row?.breaker_until?.getTime();
  return {
    health: endpoint.disabled ? "disabled" : isFailing ? "failing" : "healthy",
    ...(row === undefined || row.failing_since === null
      ? {}
      : { failingSince: row.failing_since.toISOString(), failures: row.failures }),
    ...(failure === null || failure === undefined
      ? {}
      : { lastError: { ...failure, deliveryId: toWireId("delivery", failure.deliveryId) } }),
    breaker:
      untilMs === undefined
        ? { state: "closed" }
        : untilMs > now
          ? { state: "open", until: new Date(untilMs).toISOString() }
          : { state: "half_open" },
  };
}

/**
 * How an endpoint has done in the last `hours`, and what waits for it. What has just happened is counted seconds later.
 * Throws NotFoundError for an endpoint of others.
 */
export async function getEndpointStats(ctx: Context, id: string, hours: number): Promise<EndpointStats> {
  authorise(ctx.actor, "endpoints:read");
  const endpoint = await selectEndpoint(ctx.db, ctx.actor, id);
  if (endpoint === undefined) throw new NotFoundError("There is no such endpoint in this project");
  const now = ctx.clock.now();
  const hourMs = 3_600_000;
  const since = new Date(Math.floor((now - hours * hourMs) / hourMs) * hourMs);
  const rows = await selectEndpointStats(ctx.db, id, since);
  const waiting = await selectWaiting(ctx.db, id);
  const health = await selectHealth(ctx.db, id);
  const outcomes: Record<string, number> = {};
  for (const row of rows) outcomes[row.outcome] = (outcomes[row.outcome] ?? 0) + row.attempts;
  const attempts = rows.reduce((sum, row) => sum + row.attempts, 0);
  const succeeded = outcomes["succeeded"] ?? 0;
  const counts = rows.map((row) => ({ durationClass: row.duration_class, attempts: row.attempts }));
  const p50 = percentile(counts, 0.5);
  const p95 = percentile(counts, 0.95);
  return endpointStatsSchema.parse({
    endpointId: toWireId("endpoint", id),
    since: since.toISOString(),
    attempts,
    succeeded,
    failed: attempts - succeeded,
    ...(attempts === 0 ? {} : { successRate: succeeded / attempts }),
    ...(p50 === undefined || p95 === undefined ? {} : { latencyMs: { p50, p95 } }),
    outcomes,
    pending: waiting.pending,
    held: waiting.held,
    ...(waiting.next_attempt_at === null ? {} : { nextRetryAt: waiting.next_attempt_at.toISOString() }),
    ...presentHealth(endpoint, health, now, ctx.settings.deliveries.failingAfterAttempts),
  });
}
