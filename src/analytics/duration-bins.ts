// Four bins to a doubling: a quantile read from them is at most 9 % off.
const binsPerDoubling = 4;
const lastBin = 160;

/** The bin of a duration in milliseconds; what took less than one is in bin 0. */
export function binOf(milliseconds: number): number {
  if (!(milliseconds >= 1)) return 0;
  return Math.min(lastBin, 1 + Math.floor(binsPerDoubling * Math.log2(milliseconds)));
}

// The middle of a bin, on the scale on which bins are equally wide.
function middleOf(bin: number): number {
  return bin === 0 ? 0.5 : 2 ** ((bin - 0.5) / binsPerDoubling);
}

/** The duration in milliseconds below which this share (0 to 1) of the counted ones are; undefined when none are counted. */
export function quantileOf(counts: ReadonlyMap<number, number>, share: number): number | undefined {
  let total = 0;
  for (const count of counts.values()) total += count;
  let below = 0;
  for (const [bin, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    below += count;
    if (below >= total * share) return middleOf(bin);
  }
  return undefined;
}
