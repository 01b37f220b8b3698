import { sessionIdOf } from "../tasks/session-id.ts";
import type { DryRunResult } from "./dry-run-result.ts";
import type { PreparedCandidate } from "./prepare-candidate.ts";

/** A task that would be made, as a dry run shows it. */
export type ShownTask = NonNullable<DryRunResult["task"]>;

/** Shows it. `routeId`: of a saved route; a draft has no sessions yet. */
export function showTask(
  agent: string,
  { candidate, subscriber }: Extract<PreparedCandidate, { ok: true }>,
  routeId: string | undefined,
): ShownTask {
  const { task, keys, session, approval } = candidate;
  const { input, parameters, priority, labels } = task;
  const shownKeys = {
    ...(keys?.dedupe === undefined ? {} : { dedupe: keys.dedupe.key }),
    ...(keys?.concurrency === undefined ? {} : { concurrency: keys.concurrency.key }),
    ...(keys?.order === undefined ? {} : { order: keys.order.key }),
    ...(session === undefined ? {} : { session }),
  };
  return {
    agent,
    input,
    parameters,
    priority,
    ...(labels === undefined ? {} : { labels: [...labels] }),
    ...(Object.keys(shownKeys).length === 0 ? {} : { keys: shownKeys }),
    ...(session === undefined || routeId === undefined ? {} : { sessionId: sessionIdOf(routeId, session) }),
    ...(subscriber === undefined ? {} : { subscriberId: subscriber }),
    ...(approval === undefined ? {} : { approval: approval as NonNullable<ShownTask["approval"]> }),
  };
}
