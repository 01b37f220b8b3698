import { UnavailableError } from "../lib/errors.ts";

/** A batch of a lane: how much it may take, and where it notes what it took before it works on it. */
export interface Batch<Item> {
  readonly limit: number;
  readonly inHand: Item[];
}

// A deadlock, a serialization failure, a lock that could not be had: the next try may well succeed.
const passing = /^(40|55P03)/;

function isPassing(error: unknown): boolean {
  if (error instanceof UnavailableError) return true;
  return error instanceof Error && "code" in error && passing.test(String(error.code));
}

/**
 * Runs one batch of at most `maxBatch`. One that fails for what is in it is halved until the poisoned item stands alone and
 * `setAside` takes it out of the way: what stands behind it must go on. Rejects when the database is away, or nothing was in hand.
 */
export async function isolatePoison<Item, Result>(
  maxBatch: number,
  run: (batch: Batch<Item>) => Promise<Result>,
  setAside: (item: Item, error: unknown) => Promise<Result>,
): Promise<Result> {
  let limit = maxBatch;
  for (;;) {
    const inHand: Item[] = [];
    try {
      return await run({ limit, inHand });
    } catch (error) {
      const [first] = inHand;
      if (first === undefined || isPassing(error)) throw error;
      if (inHand.length === 1) return await setAside(first, error);
      limit = inHand.length >> 1;
    }
  }
}
