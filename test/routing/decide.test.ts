import assert from "node:assert/strict";
import type { CompiledRoute } from "../../src/routing/compiled-route.ts";
import { decide } from "../../src/routing/decide.ts";
import { RouteIndex } from "../../src/routing/route-index.ts";
import { eventDocument } from "./event-document.ts";

function route(id: string, changes: Partial<CompiledRoute> = {}): CompiledRoute {
  return {
    id,
    projectId: "project",
    name: id,
    agentId: "agent",
    sourceId: undefined,
    provider: undefined,
    types: undefined,
    evaluate: () => ({ matched: true }),
    render: () => ({ ok: true, input: `Do ${id}`, parameters: {}, priority: 0 }),
    keys: {},
    limits: {},
    loops: { allowMarked: false, maxDepth: 5 },
    isGuarded: false,
    ...changes,
  };
}

const fails = (): never => {
  throw new RangeError("no such luck");
};

describe("deciding on an event", () => {
  const ask = (routes: readonly CompiledRoute[]) =>
    decide(new RouteIndex(routes), {
      summary: { id: "event", type: "push", sourceId: "source", deliveryId: "delivery" },
      provider: "github",
      document: () => eventDocument({}),
      origin: () => undefined,
    });

  it("asks each route by itself: one that throws, wherever, fails alone", () => {
    const { matches, stops, misses } = ask([
      route("one"),
      route("evaluate", { evaluate: fails }),
      route("render", { render: fails }),
      route("key", { keys: { session: { of: fails } } }),
      route("other", { evaluate: () => ({ matched: false, clause: "when", error: "nothing there" }) }),
      route("two"),
    ]);
    assert.deepEqual(
      matches.map((match) => match.candidate.task.input),
      ["Do one", "Do two"],
    );
    assert.deepEqual(
      stops.map(({ routeId, outcome, reason, detail }) => [routeId, outcome, reason, detail]),
      ["evaluate", "render", "key"].map((id) => [id, "failed", "internal_error", "no such luck"]),
    );
    assert.deepEqual(misses, [{ routeId: "other", clause: "when", error: "nothing there" }]);
  });

  it("reads no document and looks for no origin where no route is asked", () => {
    const event = {
      summary: { id: "event", type: "push", sourceId: "source", deliveryId: "delivery" },
      provider: "github",
      document: fails,
      origin: fails,
    };
    const nothing = { matches: [], stops: [], misses: [] };
    assert.deepEqual(decide(undefined, event), nothing);
    assert.deepEqual(decide(new RouteIndex([route("one", { types: new Set(["issues.opened"]) })]), event), nothing);
  });
});
