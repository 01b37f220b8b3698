import type { AnalyticsGroup } from "./analytics.ts";
import { quantileOf } from "./duration-bins.ts";

/** A stored number, added up over hours and things that belong together. */
export interface MeasuredValue {
  readonly measure: string;
  readonly bin: number;
  readonly value: number;
}

type Numbers = Omit<AnalyticsGroup, "id" | "name" | "series">;

const taskEnds = ["completed", "failed", "canceled", "rejected"] as const;

function rate(good: number, bad: number): { successRate?: number } {
  return good + bad === 0 ? {} : { successRate: good / (good + bad) };
}

// To the millisecond: bins tell no more.
function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}

function quantiles(values: readonly MeasuredValue[], measure: string): { p50: number; p95: number } | undefined {
  const counts = new Map<number, number>();
  for (const { bin, value } of values.filter((each) => each.measure === measure))
    counts.set(bin, (counts.get(bin) ?? 0) + value);
  const [p50, p95] = [quantileOf(counts, 0.5), quantileOf(counts, 0.95)];
  return p50 === undefined || p95 === undefined ? undefined : { p50: seconds(p50), p95: seconds(p95) };
}

/** What stored numbers of one group say. */
export function summarise(values: readonly MeasuredValue[]): Numbers {
  const sums = new Map<string, number>();
  for (const { measure, value } of values) sums.set(measure, (sums.get(measure) ?? 0) + value);
  const sum = (measure: string): number => sums.get(measure) ?? 0;
  const [completed, failed, canceled, rejected] = taskEnds.map((end) => sum(`task.${end}`)) as [
    number,
    number,
    number,
    number,
  ];
  const hasTasks = completed + failed + canceled + rejected > 0;
  const [delivered, undelivered] = [sum("attempts.succeeded"), sum("attempts.failed")];
  const [wait, run, latency] = ["wait", "run", "latency"].map((measure) => quantiles(values, measure));
  const events = sum("events");
  return {
    ...(events === 0 ? {} : { events }),
    ...(hasTasks ? { tasks: { completed, failed, canceled, rejected }, ...rate(completed, failed) } : {}),
    ...(delivered + undelivered === 0
      ? {}
      : { attempts: { succeeded: delivered, failed: undelivered }, ...rate(delivered, undelivered) }),
    ...(wait === undefined ? {} : { waitSeconds: wait }),
    ...(run === undefined ? {} : { runSeconds: run }),
    ...(latency === undefined ? {} : { latencySeconds: latency }),
    ...(hasTasks ? { usage: { tokens: sum("tokens"), costUsd: Math.round(sum("cost") * 1e6) / 1e6 } } : {}),
  };
}
