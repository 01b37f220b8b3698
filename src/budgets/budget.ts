import { z } from "zod";

/** What a budget counts. */
export const measures = ["tasks", "tokens", "cost"] as const;
export type Measure = (typeof measures)[number];

/** The stretches of time for which a budget holds. Both are those of the calendar in UTC. */
export const periods = ["hour", "day"] as const;
export type Period = (typeof periods)[number];

const count = z.int().min(0).max(1_000_000_000_000);
// A millionth of a dollar is counted; more than this many of them no longer are, exactly.
const dollars = z.number().min(0).max(1_000_000_000);

/** How much may be spent. One limit at least; a limit of 0 stops all work. */
export const budgetSchema = z
  .strictObject({
    tasksPerHour: count.exactOptional().describe("Tasks made in an hour of the clock, UTC."),
    tasksPerDay: count.exactOptional().describe("Tasks made in a day of the calendar, UTC."),
    tokensPerHour: count.exactOptional().describe("Tokens that workers report as `usage`."),
    tokensPerDay: count.exactOptional(),
    costPerHour: dollars.exactOptional().describe("US dollars that workers report as `usage.costUsd`."),
    costPerDay: dollars.exactOptional(),
  })
  .refine((limits) => Object.keys(limits).length > 0, { error: "must set at least one limit" })
  .meta({ id: "Budget" });

export type Budget = z.infer<typeof budgetSchema>;

const names = {
  tasks: { hour: "tasksPerHour", day: "tasksPerDay" },
  tokens: { hour: "tokensPerHour", day: "tokensPerDay" },
  cost: { hour: "costPerHour", day: "costPerDay" },
} as const;

// Money is counted in millionths of a dollar: ten times 0.1 must be 1.
const microsPerDollar = 1_000_000;

/** An amount as it is counted: tasks and tokens as they are, cost in millionths of a dollar. */
export function toUnits(measure: Measure, amount: number): number {
  return measure === "cost" ? Math.round(amount * microsPerDollar) : amount;
}

/** What was counted, as people read it: cost in dollars. */
export function fromUnits(measure: Measure, units: number): number {
  return measure === "cost" ? units / microsPerDollar : units;
}

/** One limit of a budget, as it is counted. */
export interface Limit {
  readonly measure: Measure;
  readonly period: Period;
  /** In units, see `toUnits`. */
  readonly units: number;
}

/** The limits that a budget sets. */
export function limitsOf(budget: Budget): Limit[] {
  return measures.flatMap((measure) =>
    periods.flatMap((period) => {
      const amount = budget[names[measure][period]];
      return amount === undefined ? [] : [{ measure, period, units: toUnits(measure, amount) }];
    }),
  );
}
