import { ownProvider } from "../lib/own-provider.ts";
import type { CompiledRoute } from "./compiled-route.ts";

interface Placed {
  readonly route: CompiledRoute;
  readonly place: number;
}

/** Routes by the event type that they name exactly, and those that name none. */
interface TypeIndex {
  readonly byType: Map<string, Placed[]>;
  readonly anyType: Placed[];
}

const none: readonly Placed[] = [];

/**
 * Whether a route takes events of this provider. What the hub itself says is only for routes that ask for it, by provider or by
 * type: one that takes any event would else be fed by its own tasks.
 */
export function takesProvider(
  { provider, types }: Pick<CompiledRoute, "provider" | "types">,
  ofEvent: string,
): boolean {
  if (provider !== undefined) return provider === ofEvent;
  return ofEvent !== ownProvider || types !== undefined;
}

/**
 * The enabled routes of a project, found by an event's source and type, so that an event costs what the routes that may
 * take it cost, and not what all cost. Holds each route once for each type that it names.
 */
export class RouteIndex {
  /** In the order in which they decide: the oldest first. */
  readonly routes: readonly CompiledRoute[];
  readonly #bySource = new Map<string, TypeIndex>();
  // Asked at every step of every task.
  readonly #ownTypes: ReadonlySet<string>;
  readonly #wantsAllOwn: boolean;
  readonly #anySource: TypeIndex = { byType: new Map(), anyType: [] };

  constructor(routes: readonly CompiledRoute[]) {
    this.routes = routes;
    for (const [place, route] of routes.entries()) this.#add({ route, place });
    const ofOwn = routes.filter((route) => takesProvider(route, ownProvider));
    this.#ownTypes = new Set(ofOwn.flatMap(({ types }) => [...(types ?? [])]));
    this.#wantsAllOwn = ofOwn.some(({ types }) => types === undefined);
  }

  /** The routes that an event may match, in their order: by source, type and provider none of the others does. */
  candidates(event: {
    readonly sourceId: string;
    readonly type: string;
    readonly provider: string;
  }): readonly CompiledRoute[] {
    const lists = [this.#bySource.get(event.sourceId), this.#anySource]
      .flatMap((index) => [index?.byType.get(event.type), index?.anyType])
      .filter((list) => list !== undefined && list.length > 0) as (readonly Placed[])[];
    const [first = none, ...others] = lists;
    const found = others.length === 0 ? first : lists.flat().toSorted((a, b) => a.place - b.place);
    const candidates: CompiledRoute[] = [];
    for (const { route } of found) if (takesProvider(route, event.provider)) candidates.push(route);
    return candidates;
  }

  /** Whether a route may want the project's own messages of this type as events. */
  wantsOwn(type: string): boolean {
    return this.#ownTypes.has(type) || this.#wantsAllOwn;
  }

  #add(placed: Placed): void {
    const { byType, anyType } = this.#indexOf(placed.route.sourceId);
    const { types } = placed.route;
    if (types === undefined) anyType.push(placed);
    for (const type of types ?? []) {
      const list = byType.get(type);
      if (list === undefined) byType.set(type, [placed]);
      else list.push(placed);
    }
  }

  #indexOf(sourceId: string | undefined): TypeIndex {
    if (sourceId === undefined) return this.#anySource;
    let index = this.#bySource.get(sourceId);
    if (index === undefined) this.#bySource.set(sourceId, (index = { byType: new Map(), anyType: [] }));
    return index;
  }
}
