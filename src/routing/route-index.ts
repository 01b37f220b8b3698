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
 * The enabled routes of a project, found by an event's source and type, so that an event costs what the routes that may
 * take it cost, and not what all cost. Holds each route once for each type that it names.
 */
export class RouteIndex {
  /** In the order in which they decide: the oldest first. */
  readonly routes: readonly CompiledRoute[];
  readonly #bySource = new Map<string, TypeIndex>();
  readonly #anySource: TypeIndex = { byType: new Map(), anyType: [] };

  constructor(routes: readonly CompiledRoute[]) {
    this.routes = routes;
    for (const [place, route] of routes.entries()) this.#add({ route, place });
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
    for (const { route } of found)
      if (route.provider === undefined || route.provider === event.provider) candidates.push(route);
    return candidates;
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
