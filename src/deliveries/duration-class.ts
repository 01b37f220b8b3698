// Each class is a quarter wider than the one before: 60 s are in the 49th, and a percentile is off by an eighth at most.
const factor = 1.25;

/** The class of a duration, for a histogram that takes a row for each. `durationMs` is not negative. */
export function durationClassOf(durationMs: number): number {
  return Math.floor(Math.log(durationMs + 1) / Math.log(factor));
}

/** A duration in the middle of a class, in whole milliseconds. */
function middleOf(durationClass: number): number {
  return Math.round(factor ** (durationClass + 0.5) - 1);
}

/** How many attempts took how long. */
export interface DurationCount {
  readonly durationClass: number;
  readonly attempts: number;
}

/** The duration within which `share` (0 to 1) of the attempts ended, in whole milliseconds; undefined when there are none. */
export function percentile(counts: readonly DurationCount[], share: number): number | undefined {
  const sorted = counts.toSorted((one, other) => one.durationClass - other.durationClass);
  const total = sorted.reduce((sum, count) => sum + count.attempts, 0);
  let passed = 0;
  for (const { durationClass, attempts } of sorted) {
    passed += attempts;
    if (passed > 0 && passed >= share * total) return middleOf(durationClass);
  }
  return undefined;
}
