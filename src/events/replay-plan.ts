import type { Executor } from "../platform/database.ts";
import { selectReplayable, selectReplayStretch } from "./replay-candidate-store.ts";
import type { ReplayFilter } from "./replay-filter.ts";

/** How much a replay has to do. */
interface ReplayPlan {
  readonly total: number;
  /** Not all of what the filter asks for has been looked at. */
  readonly isMinimum: boolean;
  /** The first of the events, oldest first. */
  readonly first: readonly string[];
}

const stretchEvents = 2_000;
// Of what has a rare outcome, finding all would be to look at all; 20,000 are looked at in half a second.
const maxExamined = 20_000;

/** Counts the events that a replay would go through, up to `limit`, and names the first of them. */
export async function planReplay(
  db: Executor,
  projectId: string,
  filter: ReplayFilter,
  range: { readonly untilId: string; readonly limit: number; readonly first: number },
): Promise<ReplayPlan> {
  const first: string[] = [];
  const most = filter.outcome === undefined ? Math.max(range.limit, maxExamined) : maxExamined;
  let total = 0;
  let examined = 0;
  let afterId: string | undefined;
  for (;;) {
    const { untilId } = range;
    const stretch = await selectReplayStretch(db, projectId, filter, { afterId, untilId, limit: stretchEvents });
    const found = await selectReplayable(db, projectId, stretch, filter.outcome);
    first.push(...found.slice(0, range.first - first.length));
    total += found.length;
    examined += stretch.length;
    afterId = stretch.at(-1);
    if (total >= range.limit) return { total: range.limit, isMinimum: false, first };
    if (stretch.length < stretchEvents) return { total, isMinimum: false, first };
    if (examined >= most) return { total, isMinimum: true, first };
  }
}
