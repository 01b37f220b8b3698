/** The `share` (0 to 1) quantile of values in any order, by nearest rank; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The median of a number of each item, leaving out those that have none; undefined when none has. */
export function medianOf<Item>(items: readonly Item[], pick: (item: Item) => number | undefined): number | undefined {
  const values = items.map(pick).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : quantile(values, 0.5);
}
