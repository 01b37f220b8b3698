import { toUnits } from "./budget.ts";

/** What a worker says that an attempt has cost so far; undefined where it does not say it. */
export interface ReportedUsage {
  readonly tokens: number | undefined;
  /** In millionths of a dollar. */
  readonly cost: number | undefined;
}

// As SDKs of models and the command-line agents write them.
const totals = ["tokens", "totalTokens", "total_tokens"];
const parts = [
  ["inputTokens", "input_tokens"],
  ["outputTokens", "output_tokens"],
];
const costs = ["costUsd", "totalCostUsd", "cost_usd", "total_cost_usd"];

// Of one attempt. A larger number is a mistake, and a sum of them must stay exact.
const maxAmount = 1_000_000_000;

function readFirst(usage: object, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value: unknown = Object.hasOwn(usage, name) ? (usage as Record<string, unknown>)[name] : undefined;
    if (typeof value === "number" && value >= 0) return Math.min(value, maxAmount);
  }
  return undefined;
}

/**
 * Reads what counts of a worker's `usage`: `tokens` (or `totalTokens`), else `inputTokens` + `outputTokens`; `costUsd` (or
 * `totalCostUsd`); all of them in snake_case too. What is no number or negative is not looked at.
 */
export function readUsage(usage: unknown): ReportedUsage {
  if (typeof usage !== "object" || usage === null) return { tokens: undefined, cost: undefined };
  const sum = parts.map((names) => readFirst(usage, names)).filter((amount) => amount !== undefined);
  const tokens = readFirst(usage, totals) ?? (sum.length === 0 ? undefined : sum.reduce((a, b) => a + b));
  const cost = readFirst(usage, costs);
  return {
    tokens: tokens === undefined ? undefined : Math.round(tokens),
    cost: cost === undefined ? undefined : toUnits("cost", cost),
  };
}
