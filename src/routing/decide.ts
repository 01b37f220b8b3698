import type { CompiledRoute } from "./compiled-route.ts";
import type { OriginMark } from "../lib/origin-marker.ts";
import type { Miss } from "./decision-store.ts";
import type { EventDocument } from "./event-document.ts";
import { holdOf } from "./guards/hold-of.ts";
import type { Candidate } from "./pending-candidate.ts";
import { prepareCandidate } from "./prepare-candidate.ts";
import type { RouteIndex } from "./route-index.ts";

/** An event as it is decided on. */
export interface DecidedEvent {
  readonly summary: Candidate["event"];
  readonly provider: string;
  /** Called when there is a route to ask, and once. */
  readonly document: () => EventDocument;
  /** Called when a route matches, and once. */
  readonly origin: () => OriginMark | undefined;
}

/** A route that takes the event. */
export interface Match {
  readonly route: CompiledRoute;
  readonly candidate: Candidate;
  /** The wire id or external id of a subscriber; undefined: its messages are for all. */
  readonly subscriber: string | undefined;
  /** The task of this hub that caused the event. */
  readonly origin: OriginMark | undefined;
}

/** A route that matched and makes nothing of it. */
export interface Stop {
  readonly routeId: string;
  readonly outcome: "held" | "failed";
  readonly reason: string;
  readonly detail?: string;
}

/** What the routes of its project say of one event, in their order. */
export interface Decided {
  readonly matches: readonly Match[];
  readonly stops: readonly Stop[];
  readonly misses: readonly Miss[];
}

/** Decides which routes take an event: pure, and one route's failure does not touch the others. */
export function decide(routes: RouteIndex | undefined, event: DecidedEvent): Decided {
  const matches: Match[] = [];
  const stops: Stop[] = [];
  const misses: Miss[] = [];
  const { summary, provider } = event;
  const candidates = routes?.candidates({ sourceId: summary.sourceId, type: summary.type, provider }) ?? [];
  let document: EventDocument | undefined;
  let origin: { readonly mark: OriginMark | undefined } | undefined;
  for (const route of candidates) {
    document ??= event.document();
    const verdict = route.evaluate(document);
    if (!verdict.matched) {
      const { clause, error } = verdict;
      misses.push({ routeId: route.id, clause, ...(error === undefined ? {} : { error }) });
      continue;
    }
    origin ??= { mark: event.origin() };
    const hold = holdOf(route, document, origin.mark);
    if (hold !== undefined) {
      stops.push({ routeId: route.id, outcome: "held", ...hold });
      continue;
    }
    const prepared = prepareCandidate(route, document, summary);
    if (prepared.ok)
      matches.push({ route, candidate: prepared.candidate, subscriber: prepared.subscriber, origin: origin.mark });
    else stops.push({ routeId: route.id, outcome: "failed", reason: "render_error", detail: prepared.message });
  }
  return { matches, stops, misses };
}
