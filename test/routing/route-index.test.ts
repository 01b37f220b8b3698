import assert from "node:assert/strict";
import type { CompiledRoute } from "../../src/routing/compiled-route.ts";
import { compileRoute } from "../../src/routing/compile-route.ts";
import { RouteIndex } from "../../src/routing/route-index.ts";

function route(
  name: string,
  { types = [], ...scope }: { types?: string[]; sourceId?: string; provider?: string },
): CompiledRoute {
  const compiled = compileRoute({ task: { input: "x" }, ...(types.length === 0 ? {} : { match: { type: types } }) });
  assert.ok(compiled.ok);
  const { sourceId, provider } = scope;
  return { id: name, projectId: "p", name, agentId: "a", sourceId, provider, ...compiled.rules };
}

const index = new RouteIndex([
  route("any", {}),
  route("push of one", { sourceId: "one", types: ["push"] }),
  route("github", { provider: "github" }),
  route("push or ping", { types: ["push", "ping"] }),
  route("two", { sourceId: "two" }),
  route("gitlab push of one", { sourceId: "one", provider: "gitlab", types: ["push"] }),
  route("last", {}),
]);

describe("the index of a project's routes", () => {
  for (const [sourceId, type, provider, expected] of [
    ["one", "push", "github", ["any", "push of one", "github", "push or ping", "last"]],
    ["one", "push", "gitlab", ["any", "push of one", "push or ping", "gitlab push of one", "last"]],
    ["one", "ping", "github", ["any", "github", "push or ping", "last"]],
    ["two", "issues", "github", ["any", "github", "two", "last"]],
    ["three", "issues", "slack", ["any", "last"]],
    ["three", "__proto__", "slack", ["any", "last"]],
  ] as const)
    it(`finds what may take ${type} of ${sourceId} (${provider}), the oldest first`, () => {
      assert.deepEqual(
        index.candidates({ sourceId, type, provider }).map(({ name }) => name),
        expected,
      );
    });

  it("leaves no route out that would match, and names none twice", () => {
    const types = ["a", "b", "c"];
    const routes = Array.from({ length: 60 }, (_, place) => {
      const named = types.filter((_, bit) => ((place >> bit) & 1) === 1);
      const sourceId = ["s", "t", undefined][place % 3];
      return route(`r${place}`, { types: named, ...(sourceId === undefined ? {} : { sourceId }) });
    });
    const made = new RouteIndex(routes);
    for (const sourceId of ["s", "t", "u"])
      for (const type of [...types, "d"]) {
        const expected = routes.filter(
          (one) => (one.sourceId ?? sourceId) === sourceId && (one.types === undefined || one.types.has(type)),
        );
        assert.deepEqual(made.candidates({ sourceId, type, provider: "github" }), expected);
      }
  });
});
