// Two costs such as 0.1 and 0.2 shall not make 0.30000000000000004; whole numbers are exact anyway.
function add(one: number, other: number): number {
  const sum = one + other;
  if (Number.isSafeInteger(sum)) return sum;
  const rounded = Number(sum.toPrecision(15));
  return Number.isFinite(rounded) ? rounded : Math.sign(sum) * Number.MAX_VALUE;
}

/**
 * What attempts have cost together, first to last: numbers are added up, of everything else the last one counts. What is no
 * object is passed over.
 */
export function totalUsage(usages: readonly unknown[]): Record<string, unknown> {
  const reported = usages.filter((usage): usage is object => typeof usage === "object" && usage !== null);
  const [only] = reported;
  if (reported.length <= 1) return (only ?? {}) as Record<string, unknown>;
  const total = new Map<string, unknown>();
  for (const usage of reported)
    for (const [name, value] of Object.entries(usage)) {
      const before = total.get(name);
      total.set(name, typeof before === "number" && typeof value === "number" ? add(before, value) : value);
    }
  return Object.fromEntries(total);
}

/** What a task keeps of what it has cost. */
export interface TaskUsage {
  /** Of its last attempt. */
  readonly usage: unknown;
  /** Of those before. */
  readonly past_usages: readonly unknown[] | null;
}

/** What a task has cost, over all its attempts. */
export function usageOfTask({ usage, past_usages }: TaskUsage): Record<string, unknown> {
  return totalUsage([...(past_usages ?? []), usage]);
}
