import { z } from "zod";

/** What numbers can be grouped by. */
export const groupings = ["agent", "team", "route", "source", "endpoint"] as const;

export type Grouping = (typeof groupings)[number];

/** The lengths of a series' steps. */
export const intervals = ["hour", "day"] as const;

export type Interval = (typeof intervals)[number];

const quantiles = z.object({ p50: z.number(), p95: z.number() });

const numbersShape = {
  events: z.int().exactOptional().describe("Accepted; of a source."),
  tasks: z
    .object({ completed: z.int(), failed: z.int(), canceled: z.int(), rejected: z.int() })
    .exactOptional()
    .describe("That ended; of agents, teams, routes and sources."),
  attempts: z.object({ succeeded: z.int(), failed: z.int() }).exactOptional().describe("Of an endpoint."),
  successRate: z
    .number()
    .exactOptional()
    .describe("0 to 1: of the tasks that completed or failed, or of the attempts; absent when there are none."),
  waitSeconds: quantiles.exactOptional().describe("From when a task was due until it was first leased."),
  runSeconds: quantiles.exactOptional().describe("From the last lease of a task to its end."),
  latencySeconds: quantiles.exactOptional().describe("Of an attempt at a delivery."),
  usage: z
    .object({ tokens: z.number(), costUsd: z.number() })
    .exactOptional()
    .describe("As workers reported it, over all attempts."),
};

/** Numbers of one agent, team, route, source or endpoint. */
const groupSchema = z.object({
  id: z.string().exactOptional().describe("Absent for a team."),
  name: z.string().exactOptional().describe("Of an endpoint, its URL. Absent for agents without a team."),
  ...numbersShape,
  series: z
    .array(z.object({ start: z.iso.datetime(), ...numbersShape }))
    .exactOptional()
    .describe("The same for each hour or day in which something happened, first to last; with `interval`."),
});

/** The answer to a question for numbers. */
export const analyticsSchema = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    groupBy: z.enum(groupings),
    interval: z.enum(intervals).exactOptional(),
    countedUntil: z.iso.datetime().describe("What happened later is not in these numbers yet."),
    data: z.array(groupSchema).describe("The busiest first."),
  })
  .meta({ id: "Analytics" });

export type Analytics = z.infer<typeof analyticsSchema>;
export type AnalyticsGroup = z.infer<typeof groupSchema>;
