import type { Services } from "../platform/services.ts";
import { selectUnusedContents } from "./artifact-store.ts";

// What was put just now may belong to a row that is about to commit. No transaction takes so long.
const settledAfterMs = 3_600_000;
const maxBatch = 500;

/**
 * Deletes the contents on disk that belong to no artifact: of one that was replaced or removed, or whose row never committed.
 * Answers how many there were.
 */
export async function sweepContents({ db, contents, clock, log }: Services): Promise<number> {
  const until = new Date(clock.now() - settledAfterMs);
  let deleted = 0;
  for await (const hashes of contents.list(until))
    for (let from = 0; from < hashes.length; from += maxBatch)
      for (const sha256 of await selectUnusedContents(db, hashes.slice(from, from + maxBatch)))
        if (await contents.delete(sha256, until)) deleted += 1;
  if (deleted > 0) log.info({ unit: "artifacts", deleted }, "removed contents that no artifact has");
  return deleted;
}
