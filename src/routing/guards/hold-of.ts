import type { OriginMark } from "../../lib/origin-marker.ts";
import { ownProvider } from "../../lib/own-provider.ts";
import type { CompiledRoute } from "../compiled-route.ts";
import type { EventDocument } from "../event-document.ts";
import { findActor, refusalOf } from "./actors.ts";
import { manyMarkers } from "./find-origin.ts";

/** Why a guard keeps an event that a route matches from becoming a task. */
export interface Hold {
  readonly reason: "loop_marker" | "depth" | "actor" | "rate_limited" | "breaker_open" | "budget_exceeded";
  /** For people. */
  readonly detail: string;
}

function holdOfLoop(
  { loops }: Pick<CompiledRoute, "loops">,
  { provider }: EventDocument,
  origin: OriginMark,
): Hold | undefined {
  if (origin === manyMarkers)
    return { reason: "loop_marker", detail: "it carries more of what looks like this hub's marker than are looked at" };
  const { taskId, depth } = origin;
  // What the hub says of a task carries that task's marker by nature; a route that asks for it means to go on from it.
  if (!loops.allowMarked && provider !== ownProvider)
    return { reason: "loop_marker", detail: `it carries the marker of ${taskId}; loops.allowMarked would let it pass` };
  if (depth + 1 <= loops.maxDepth) return undefined;
  const detail = `it carries the marker of ${taskId}: its task would be number ${depth + 2} of a chain, and loops.maxDepth is ${loops.maxDepth}`;
  return { reason: "depth", detail };
}

function holdOfActor({ actors }: Pick<CompiledRoute, "actors">, document: EventDocument): Hold | undefined {
  if (actors === undefined) return undefined;
  const actor = findActor(actors, document);
  const refusal = refusalOf(actors, actor);
  return refusal === undefined ? undefined : { reason: "actor", detail: refusal };
}

/**
 * The guards that need nothing but the event: does it come from a task of this hub, and who caused it. Asked of a route that
 * matches, the loop guard first. Pure, and never throws.
 */
export function holdOf(
  route: Pick<CompiledRoute, "loops" | "actors">,
  document: EventDocument,
  origin: OriginMark | undefined,
): Hold | undefined {
  return (origin === undefined ? undefined : holdOfLoop(route, document, origin)) ?? holdOfActor(route, document);
}
