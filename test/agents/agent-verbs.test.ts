import assert from "node:assert/strict";
import { agentQueue } from "../../src/agents/agent-queue.ts";
import type { Agent } from "../../src/agents/agent.ts";
import { createAgent, newAgent, type NewAgent } from "../../src/agents/create-agent.ts";
import { deleteAgent } from "../../src/agents/delete-agent.ts";
import { getAgent } from "../../src/agents/get-agent.ts";
import { listAgents } from "../../src/agents/list-agents.ts";
import { agentChanges, updateAgent } from "../../src/agents/update-agent.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { createRoute } from "../../src/routing/create-route.ts";
import { updateRoute } from "../../src/routing/update-route.ts";
import { auditLog, withoutAudit } from "../support/database-contents.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const pull = { type: "pull" } as const;

function uuidOf(agent: Agent): string {
  return fromWireId("agent", agent.id) as string;
}

describe("agent verbs", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
  });
  after(() => ctx[Symbol.asyncDispose]());

  async function storeTask(agent: Agent, settledAt: Date | null): Promise<void> {
    const now = new Date(ctx.clock.now());
    await ctx.db.query(
      {
        text: `INSERT INTO tasks (id, project_id, agent_id, state, input, priority, attempt, attempts_charged, max_attempts,
                                  created_at, updated_at, settled_at)
               VALUES ($1, $2, $3, $4, '"do it"', 0, 0, 0, 3, $5, $5, $6)`,
      },
      [ctx.newId(), ctx.actor.projectId, uuidOf(agent), settledAt === null ? "submitted" : "completed", now, settledAt],
    );
  }

  it("registers an agent with a queue of its own, found by name and by id", async () => {
    const input: NewAgent = {
      name: "Triage / 日本",
      description: "Sorts issues",
      team: "support",
      capabilities: ["triage"],
      instructions: "Be kind.",
      model: "some-model",
      tools: ["search"],
      runner: pull,
      limits: { concurrency: 2, timeoutSeconds: 60, leaseSeconds: 1, maxAttempts: 20 },
    };
    const agent = await createAgent(ctx, input);
    assert.deepEqual(agent, {
      id: agent.id,
      ...input,
      version: 1,
      status: "idle",
      createdAt: "2026-01-02T03:04:05.678Z",
      updatedAt: "2026-01-02T03:04:05.678Z",
    });
    assert.deepEqual(await getAgent(ctx, input.name), agent);
    assert.deepEqual(await getAgent(ctx, agent.id), agent);
    const job = { id: ctx.newId() };
    await ctx.queue.insert(ctx.db, agentQueue(uuidOf(agent)), [job]);
    assert.equal((await ctx.queue.fetch(ctx.db, agentQueue(uuidOf(agent)), 1))[0]?.id, job.id);
    assert.deepEqual((await auditLog(ctx)).at(-1), {
      action: "agent.create",
      target: agent.id,
      detail: { name: input.name, fields: Object.keys(input) },
    });
  });

  it("registers a bare agent with empty lists and limits", async () => {
    const { id, createdAt, updatedAt, ...rest } = await createAgent(ctx, { name: "bare", runner: pull });
    assert.ok(id.startsWith("agt_") && createdAt === updatedAt);
    assert.deepEqual(rest, {
      name: "bare",
      capabilities: [],
      tools: [],
      runner: pull,
      limits: {},
      version: 1,
      status: "idle",
    });
  });

  it("refuses a second agent of a name, also when both come at once, but not in another project", async () => {
    const results = await Promise.allSettled([1, 2, 3].map(() => createAgent(ctx, { name: "twin", runner: pull })));
    const codes = results.map((result) => (result.status === "rejected" ? result.reason.code : "made"));
    assert.deepEqual(new Set(codes), new Set(["agent_exists", "made"]));
    assert.equal(codes.filter((code) => code === "made").length, 1);
    await createAgent(await ctx.inAnotherProject(), { name: "twin", runner: pull });
  });

  for (const [what, input, ...paths] of [
    ["a runner that does not exist", { name: "a", runner: { type: "shell" } }, "runner.type"],
    ["an http runner without a URL", { name: "a", runner: { type: "http" } }, "runner.url"],
    [
      "a command where only its name may be",
      { name: "a", runner: { type: "process", command: "x", args: ["-rf"] } },
      "runner.args",
    ],
    ["a color that is none", { name: "a", runner: pull, color: "#12" }, "color"],
    [
      "a breaker without a window",
      { name: "a", runner: pull, limits: { breaker: { failures: 3 } } },
      "limits.breaker.perSeconds",
    ],
    ["no runner", { name: "a" }, "runner"],
    ["an empty name", { name: "", runner: pull }, "name"],
    ["a name over 100 characters", { name: "a".repeat(101), runner: pull }, "name"],
    ["a name with a tab", { name: "a\tb", runner: pull }, "name"],
    ["a name with half of a surrogate pair", { name: "a\ud800", runner: pull }, "name"],
    ["a name that is a path", { name: "..", runner: pull }, "name"],
    ["a name that reads as an id", { name: "agt_01h2xcejqtf2nbrexx3vqjhp41", runner: pull }, "name"],
    ["a lease below a second", { name: "a", runner: pull, limits: { leaseSeconds: 0 } }, "limits.leaseSeconds"],
    ["a lease over an hour", { name: "a", runner: pull, limits: { leaseSeconds: 3601 } }, "limits.leaseSeconds"],
    ["21 attempts", { name: "a", runner: pull, limits: { maxAttempts: 21 } }, "limits.maxAttempts"],
    ["a limit that there is not", { name: "a", runner: pull, limits: { colour: {} } }, "limits.colour"],
    ["an unknown field", { name: "a", runner: pull, secret: "x" }, "secret"],
    ["NUL in its instructions", { name: "a", runner: pull, instructions: "\u0000" }, "instructions"],
  ] as const)
    it(`refuses ${what}`, () => {
      assert.throws(() => parseInput(newAgent, input), invalidAt(...paths));
    });

  it("changes only what is named, clears what is null, and never the name", async () => {
    const agent = await createAgent(ctx, { name: "changing", runner: pull, team: "a", limits: { concurrency: 1 } });
    ctx.clock.advanceBy(1);
    const heard: unknown[] = [];
    const stop = ctx.signals.on("agents", (keys) => heard.push(keys));
    const changed = await updateAgent(ctx, "changing", {
      team: null,
      tools: ["search"],
      limits: { maxAttempts: 5 },
    });
    stop();
    const { team: _, ...rest } = agent;
    const updatedAt = new Date(ctx.clock.now()).toISOString();
    assert.deepEqual(changed, { ...rest, tools: ["search"], limits: { maxAttempts: 5 }, version: 2, updatedAt });
    assert.deepEqual(heard, [[uuidOf(agent)]]);
    assert.throws(() => parseInput(agentChanges, { name: "other" }), invalidAt("name"));
    assert.deepEqual((await auditLog(ctx)).at(-1)?.detail, { name: "changing", fields: ["team", "tools", "limits"] });
  });

  it("lists a project's agents, newest first, page by page", async () => {
    const other = await ctx.inAnotherProject();
    const made: Agent[] = [];
    for (const name of ["one", "two", "three"]) made.unshift(await createAgent(other, { name, runner: pull }));
    const first = await listAgents(other, {}, { limit: 2 });
    assert.deepEqual(first.data, made.slice(0, 2));
    const cursor = uuidOf(made[1] as Agent);
    assert.deepEqual(await listAgents(other, {}, { limit: 2, cursor }), { data: made.slice(2) });
  });

  it("frees the name of a deleted agent", async () => {
    const agent = await createAgent(ctx, { name: "phoenix", runner: pull });
    await storeTask(agent, new Date(ctx.clock.now()));
    await deleteAgent(ctx, "phoenix");
    await assert.rejects(getAgent(ctx, "phoenix"), { status: 404 });
    await assert.rejects(getAgent(ctx, agent.id), { status: 404 });
    await assert.rejects(deleteAgent(ctx, "phoenix"), { status: 404 });
    assert.notEqual((await createAgent(ctx, { name: "phoenix", runner: pull })).id, agent.id);
  });

  it("does not delete an agent whose tasks have not ended", async () => {
    const agent = await createAgent(ctx, { name: "at work", runner: pull });
    await storeTask(agent, null);
    await storeTask(agent, new Date(ctx.clock.now()));
    await assert.rejects(deleteAgent(ctx, "at work"), { status: 409, code: "agent_in_use" });
  });

  it("does not delete an agent that an enabled route points at, and a route does not come back without its agent", async () => {
    await createAgent(ctx, { name: "routed", runner: pull });
    const route = await createRoute(ctx, { name: "All", agent: "routed", task: { input: "Do it" } });
    const routeId = fromWireId("route", route.id) as string;
    await assert.rejects(deleteAgent(ctx, "routed"), { status: 409, code: "agent_in_use" });
    await updateRoute(ctx, routeId, { enabled: false });
    await deleteAgent(ctx, "routed");
    await assert.rejects(updateRoute(ctx, routeId, { enabled: true }), invalidAt("agent"));
    await createAgent(ctx, { name: "successor", runner: pull });
    assert.equal((await updateRoute(ctx, routeId, { enabled: true, agent: "successor" })).agent, "successor");
  });

  it("changes nothing when the audit row cannot be written", async () => {
    const blind = withoutAudit(ctx);
    const agent = await createAgent(ctx, { name: "constant", runner: pull });
    await assert.rejects(createAgent(blind, { name: "never", runner: pull }));
    await assert.rejects(updateAgent(blind, "constant", { team: "x" }));
    await assert.rejects(deleteAgent(blind, "constant"));
    await assert.rejects(getAgent(ctx, "never"), { status: 404 });
    assert.deepEqual(await getAgent(ctx, "constant"), agent);
  });

  it("rejects a read-only actor, and answers 404 for another project's agent", async () => {
    const agent = await createAgent(ctx, { name: "private", runner: pull });
    const viewer = ctx.as("viewer");
    assert.deepEqual(await getAgent(viewer, "private"), agent);
    await assert.rejects(createAgent(viewer, { name: "x", runner: pull }), { status: 403 });
    await assert.rejects(updateAgent(viewer, "private", {}), { status: 403 });
    await assert.rejects(deleteAgent(viewer, "private"), { status: 403 });
    const stranger = await ctx.inAnotherProject();
    for (const nameOrId of ["private", agent.id]) {
      await assert.rejects(getAgent(stranger, nameOrId), { status: 404 });
      await assert.rejects(updateAgent(stranger, nameOrId, {}), { status: 404 });
      await assert.rejects(deleteAgent(stranger, nameOrId), { status: 404 });
    }
  });
});
