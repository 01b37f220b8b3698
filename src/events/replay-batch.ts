import type { Transaction } from "../platform/database.ts";
import { selectEventSizes } from "./document-store.ts";
import { selectReplayable, selectReplayStretch } from "./replay-candidate-store.ts";
import { readReplayFilter, type StoredReplayFilter } from "./replay-filter.ts";
import type { ReplayRow } from "./replay-store.ts";

/** The events that a replay comes to next, oldest first. */
export interface NextEvents {
  readonly ids: readonly string[];
  /** Up to which event all have been looked at; undefined: there was none. */
  readonly lastId: string | undefined;
  /** Nothing comes after them. */
  readonly isLast: boolean;
}

// Looked at for each batch: where few have the outcome that is asked for, most of them are passed over.
const stretchEvents = 1_000;
const maxBytes = 16_777_216;

/** What a second of the rate allows, what fits into memory together, and no more than is asked for; one at least if there is one. */
export async function nextEvents(tx: Transaction, replay: ReplayRow, limit: number): Promise<NextEvents> {
  const filter = readReplayFilter(replay.filter as StoredReplayFilter);
  const stretch = await selectReplayStretch(tx, replay.project_id, filter, {
    afterId: replay.last_event_id ?? undefined,
    untilId: replay.id,
    limit: stretchEvents,
  });
  const found = await selectReplayable(tx, replay.project_id, stretch, filter.outcome);
  const ofRate = Math.max(1, Math.floor(replay.rate_per_second));
  const wanted = found.slice(0, Math.min(limit, ofRate, replay.max_events - replay.done));
  const sizes = await selectEventSizes(tx, wanted);
  const ids: string[] = [];
  let total = 0;
  for (const id of wanted) {
    total += sizes.get(id) ?? 0;
    if (ids.length > 0 && total > maxBytes) break;
    ids.push(id);
  }
  const isWhole = ids.length === found.length;
  return { ids, lastId: isWhole ? stretch.at(-1) : ids.at(-1), isLast: isWhole && stretch.length < stretchEvents };
}
