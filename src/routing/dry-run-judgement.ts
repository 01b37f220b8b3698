import type { CompiledRoute } from "./compiled-route.ts";
import type { DryRunResult } from "./dry-run-result.ts";
import { holdOf } from "./guards/hold-of.ts";
import { prepareCandidate, type PreparedCandidate } from "./prepare-candidate.ts";
import { documentOf, originOf, type RoutedEvent } from "./decide-events.ts";
import { takesProvider } from "./route-index.ts";

/** What a route says of an event before anything is asked of the database; `prepared` when there would be a task. */
export interface Judgement extends Pick<DryRunResult, "matched" | "clause" | "error" | "heldBy"> {
  readonly prepared?: Extract<PreparedCandidate, { ok: true }>;
}

/**
 * Asks routes about an event as its acceptance would, but one by one: what was not met first, and what is held by a guard is
 * rendered all the same. Pure, and never throws.
 *
 * @param originKeys those that sign the hub's own markers
 */
export function judgeOf(event: RoutedEvent, originKeys: readonly Buffer[]): (route: CompiledRoute) => Judgement {
  const { id, sourceId, type, provider, deliveryId } = event.row;
  const document = documentOf(event);
  const origin = originOf(event, originKeys);
  return (route) => {
    if (route.sourceId !== undefined && route.sourceId !== sourceId) return { matched: false, clause: "sourceId" };
    if (!takesProvider(route, provider)) return { matched: false, clause: "provider" };
    // As the index of routes does, so that what others may spend on the event is not spent here.
    if (route.types?.has(type) === false) return { matched: false, clause: "match.type" };
    const verdict = route.evaluate(document);
    if (!verdict.matched) return verdict;
    const hold = holdOf(route, document, origin);
    const heldBy = hold === undefined ? {} : { heldBy: hold };
    const prepared = prepareCandidate(route, document, { id, type, sourceId, deliveryId });
    return prepared.ok ? { matched: true, ...heldBy, prepared } : { matched: true, ...heldBy, error: prepared.message };
  };
}
