import assert from "node:assert/strict";
import { createAgent } from "../../src/agents/create-agent.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { createRoute, newRoute, type NewRoute } from "../../src/routing/create-route.ts";
import { deleteRoute } from "../../src/routing/delete-route.ts";
import { getRoute } from "../../src/routing/get-route.ts";
import { listRoutes } from "../../src/routing/list-routes.ts";
import type { Route } from "../../src/routing/route.ts";
import { updateRoute } from "../../src/routing/update-route.ts";
import { createSource } from "../../src/sources/create-source.ts";
import { deleteSource } from "../../src/sources/delete-source.ts";
import { auditLog, withoutAudit } from "../support/database-contents.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const route: NewRoute = { name: "Issues", agent: "triage", task: { input: "Triage ${event.body.issue.title}" } };

function uuidOf({ id }: Route): string {
  return fromWireId("route", id) as string;
}

describe("route verbs", () => {
  let ctx: TestContext;
  let sourceId: string;
  before(async () => {
    ctx = await createTestContext();
    await createAgent(ctx, { name: "triage", runner: { type: "pull" } });
    const source = await createSource(ctx, { name: "Hub", provider: "github", secrets: ["s"] });
    sourceId = fromWireId("source", source.id) as string;
  });
  after(() => ctx[Symbol.asyncDispose]());

  it("adds a route and shows it as it was written", async () => {
    const input = parseInput(newRoute, {
      ...route,
      provider: "github",
      match: { type: ["issues.opened"], body: { action: [{ "anything-but": ["closed\u0000"] }] } },
      task: { ...route.task, parameters: { number: "${event.body.issue.number}" }, priority: -5 },
    });
    const made = await createRoute(ctx, { ...input, sourceId });
    assert.deepEqual(made, {
      id: made.id,
      ...input,
      sourceId: made.sourceId,
      enabled: true,
      createdAt: "2026-01-02T03:04:05.678Z",
      updatedAt: "2026-01-02T03:04:05.678Z",
    });
    assert.equal(fromWireId("source", made.sourceId as string), sourceId);
    assert.deepEqual(await getRoute(ctx, uuidOf(made)), made);
    assert.equal((await auditLog(ctx)).at(-1)?.action, "route.create");
  });

  it("names the field and the place of what does not compile", async () => {
    const bad = {
      ...route,
      provider: "gitlob",
      match: { body: { action: [{ prefix: 1 }] } },
      task: { input: "Hello ${event.body." },
    };
    await assert.rejects(createRoute(ctx, bad), invalidAt("provider", "match.body.action.0.prefix", "task.input"));
    await assert.rejects(
      createRoute(ctx, { ...route, task: { input: "${event.constructor.name}" } }),
      invalidAt("task.input"),
    );
    const made = await createRoute(ctx, route);
    await assert.rejects(updateRoute(ctx, uuidOf(made), { match: { tpye: ["x"] } }), invalidAt("match.tpye"));
    assert.deepEqual(await getRoute(ctx, uuidOf(made)), made);
  });

  it("refuses an agent or a source that the project does not have", async () => {
    const stranger = await ctx.inAnotherProject();
    await createAgent(stranger, { name: "theirs", runner: { type: "pull" } });
    await assert.rejects(createRoute(ctx, { ...route, agent: "theirs" }), invalidAt("agent"));
    await assert.rejects(createRoute(stranger, { ...route, agent: "theirs", sourceId }), invalidAt("sourceId"));
    const made = await createRoute(ctx, route);
    await assert.rejects(updateRoute(ctx, uuidOf(made), { agent: "theirs" }), invalidAt("agent"));
    await assert.rejects(updateRoute(ctx, uuidOf(made), { sourceId: ctx.newId() }), invalidAt("sourceId"));
  });

  for (const [what, input, ...paths] of [
    ["a source id that is none", { ...route, sourceId: "src_x" }, "sourceId"],
    ["another kind of id", { ...route, sourceId: "agt_01h2xcejqtf2nbrexx3vqjhp41" }, "sourceId"],
    ["a list as the pattern", { ...route, match: [] }, "match"],
    ["an empty input", { ...route, task: { input: "" } }, "task.input"],
    ["an unknown part of a task", { ...route, task: { input: "x", tools: [] } }, "task.tools"],
    ["a priority that is no integer", { ...route, task: { input: "x", priority: 0.5 } }, "task.priority"],
  ] as const)
    it(`refuses ${what}`, () => {
      assert.throws(() => parseInput(newRoute, input), invalidAt(...paths));
    });

  it("keeps a key __proto__ of the pattern, so that it is refused and not lost", async () => {
    const input = parseInput(newRoute, { ...route, match: JSON.parse('{"__proto__": {"type": ["x"]}}') });
    await assert.rejects(createRoute(ctx, input), { status: 422 });
  });

  it("changes only what is named, and clears what is null", async () => {
    const made = await createRoute(ctx, { ...route, sourceId, provider: "github", match: { type: ["push"] } });
    ctx.clock.advanceBy(1);
    const heard: unknown[] = [];
    const stop = ctx.signals.on("routes", (keys) => heard.push(keys));
    const changed = await updateRoute(ctx, uuidOf(made), { sourceId: null, match: null, task: { input: "Again" } });
    stop();
    const { sourceId: _, match: __, ...rest } = made;
    const updatedAt = new Date(ctx.clock.now()).toISOString();
    assert.deepEqual(changed, { ...rest, task: { input: "Again" }, updatedAt });
    assert.deepEqual(heard, [[ctx.actor.projectId]]);
  });

  it("lists a project's routes, newest first, page by page", async () => {
    const other = await ctx.inAnotherProject();
    await createAgent(other, { name: "triage", runner: { type: "pull" } });
    const made: Route[] = [];
    for (const name of ["one", "two", "three"]) made.unshift(await createRoute(other, { ...route, name }));
    const first = await listRoutes(other, { limit: 2 });
    assert.deepEqual(first.data, made.slice(0, 2));
    const cursor = uuidOf(made[1] as Route);
    assert.deepEqual(await listRoutes(other, { limit: 2, cursor }), { data: made.slice(2) });
  });

  it("stays when its source is deleted, and can still be changed", async () => {
    const source = await createSource(ctx, { name: "Short-lived", provider: "github", secrets: ["s"] });
    const id = fromWireId("source", source.id) as string;
    const made = await createRoute(ctx, { ...route, sourceId: id });
    await deleteSource(ctx, id);
    assert.equal((await updateRoute(ctx, uuidOf(made), { name: "Orphan" })).sourceId, source.id);
    await assert.rejects(updateRoute(ctx, uuidOf(made), { sourceId: id }), invalidAt("sourceId"));
  });

  it("deletes a route", async () => {
    const made = await createRoute(ctx, route);
    await deleteRoute(ctx, uuidOf(made));
    await assert.rejects(getRoute(ctx, uuidOf(made)), { status: 404 });
    await assert.rejects(deleteRoute(ctx, uuidOf(made)), { status: 404 });
    assert.equal((await auditLog(ctx)).at(-1)?.action, "route.delete");
  });

  it("changes nothing when the audit row cannot be written", async () => {
    const blind = withoutAudit(ctx);
    const made = await createRoute(ctx, route);
    const before = await listRoutes(ctx, { limit: 200 });
    await assert.rejects(createRoute(blind, route));
    await assert.rejects(updateRoute(blind, uuidOf(made), { enabled: false }));
    await assert.rejects(deleteRoute(blind, uuidOf(made)));
    assert.deepEqual(await listRoutes(ctx, { limit: 200 }), before);
  });

  it("rejects a read-only actor, lets an operator only switch, and answers 404 for another project's route", async () => {
    const made = await createRoute(ctx, route);
    const id = uuidOf(made);
    const viewer = ctx.as("viewer");
    assert.deepEqual(await getRoute(viewer, id), made);
    await assert.rejects(createRoute(viewer, route), { status: 403 });
    await assert.rejects(updateRoute(viewer, id, { enabled: false }), { status: 403 });
    await assert.rejects(deleteRoute(viewer, id), { status: 403 });
    assert.equal((await updateRoute(ctx.as("operator"), id, { enabled: false })).enabled, false);
    await assert.rejects(updateRoute(ctx.as("operator"), id, { name: "x" }), { status: 403 });
    const stranger = await ctx.inAnotherProject();
    await assert.rejects(getRoute(stranger, id), { status: 404 });
    await assert.rejects(updateRoute(stranger, id, { enabled: false }), { status: 404 });
    await assert.rejects(deleteRoute(stranger, id), { status: 404 });
  });
});
