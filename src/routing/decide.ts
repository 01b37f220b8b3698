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

/** Decides which routes take an event: pure, and one route's failure, of whatever kind, does not touch the others. */
export function decide(routes: RouteIndex | undefined, event: DecidedEvent): Decided {
  const decided = { matches: [] as Match[], stops: [] as Stop[], misses: [] as Miss[] };
  const { summary, provider } = event;
  const candidates = routes?.candidates({ sourceId: summary.sourceId, type: summary.type, provider }) ?? [];
  if (candidates.length === 0) return decided;
  const document = event.document();
  let origin: { readonly mark: OriginMark | undefined } | undefined;
  const originOnce = (): OriginMark | undefined => (origin ??= { mark: event.origin() }).mark;
  for (const route of candidates)
    try {
      ask(route, document, summary, originOnce, decided);
    } catch (error) {
      // Rules promise not to throw. Should they, the sender and the other routes must not pay for it.
      const detail = error instanceof Error ? error.message : String(error);
      decided.stops.push({ routeId: route.id, outcome: "failed", reason: "internal_error", detail });
    }
  return decided;
}

function ask(
  route: CompiledRoute,
  document: EventDocument,
  summary: DecidedEvent["summary"],
  originOf: () => OriginMark | undefined,
  { matches, stops, misses }: { readonly matches: Match[]; readonly stops: Stop[]; readonly misses: Miss[] },
): void {
  const routeId = route.id;
  const verdict = route.evaluate(document);
  if (!verdict.matched) {
    const { clause, error } = verdict;
    misses.push({ routeId, clause, ...(error === undefined ? {} : { error }) });
    return;
  }
  const origin = originOf();
  const hold = holdOf(route, document, origin);
  const prepared = hold === undefined ? prepareCandidate(route, document, summary) : undefined;
  if (hold !== undefined) stops.push({ routeId, outcome: "held", ...hold });
  else if (prepared?.ok === true)
    matches.push({ route, candidate: prepared.candidate, subscriber: prepared.subscriber, origin });
  else stops.push({ routeId, outcome: "failed", reason: "render_error", detail: prepared?.message ?? "" });
}
