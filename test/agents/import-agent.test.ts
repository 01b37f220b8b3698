import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { getAgent } from "../../src/agents/get-agent.ts";
import { type ImportedAgent, importAgent } from "../../src/agents/import-agent.ts";
import { listAgentVersions } from "../../src/agents/list-agent-versions.ts";
import { listAgents } from "../../src/agents/list-agents.ts";
import { listTeams } from "../../src/agents/list-teams.ts";
import { updateAgent } from "../../src/agents/update-agent.ts";
import type { Context } from "../../src/access/context.ts";
import { auditLog } from "../support/database-contents.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const samples = ["code-reviewer", "api-architect", "qa-lead", "incident-commander"];
const newest = { limit: 50, before: 2_147_483_647 };

describe("importing agents", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
  });
  after(() => ctx[Symbol.asyncDispose]());

  const importText = (text: string, as: Context = ctx): Promise<ImportedAgent> => importAgent(as, Buffer.from(text));
  const named = (name: string, fields = "", body = "Do it."): string => `---\nname: ${name}\n${fields}\n---\n${body}`;

  it("registers all of the sample files, and changes nothing when they come again", async () => {
    const other = await ctx.inAnotherProject();
    for (const expected of ["created", "unchanged"])
      for (const name of samples) {
        const content = await readFile(new URL(`../fixtures/agents/${name}.md`, import.meta.url));
        const { outcome, agent } = await importAgent(other, content);
        assert.deepEqual([outcome, agent.version, agent.runner], [expected, 1, { type: "pull" }]);
        assert.deepEqual(await getAgent(other, agent.name), agent);
      }
    assert.deepEqual(
      (await auditLog(other)).map(({ action }) => action),
      samples.map(() => "agent.import"),
    );
    const design = await listAgents(other, { capability: "api_design" }, { limit: 9 });
    assert.deepEqual(
      design.data.map(({ name }) => name),
      ["API Architect"],
    );
    const quality = await listAgents(other, { team: "quality" }, { limit: 9 });
    assert.deepEqual(
      quality.data.map(({ name }) => name),
      ["QA Team Lead"],
    );
    assert.deepEqual(await listTeams(other), [
      {
        name: "platform",
        agents: ["API Architect"],
        capabilities: ["Contracts: OpenAPI and JSON Schema", "api_design", "versioning"],
      },
      { name: "quality", agents: ["QA Team Lead"], capabilities: ["regression", "risk assessment", "test_planning"] },
    ]);
  });

  it("makes a new version of what the file says, keeping how the agent is reached and limited", async () => {
    await importText(named("evolving", "team: a\ncolor: red"));
    await updateAgent(ctx, "evolving", { limits: { concurrency: 3 }, team: "b" });
    const { outcome, agent } = await importText(named("evolving", "model: opus", "Do it well."));
    assert.deepEqual([outcome, agent.version, agent.limits], ["updated", 3, { concurrency: 3 }]);
    assert.deepEqual([agent.team, agent.color, agent.model], [undefined, undefined, "opus"]);
    assert.equal((await importText(named("evolving", "model: opus", "Do it well."))).outcome, "unchanged");
    const { data } = await listAgentVersions(ctx, "evolving", newest);
    assert.deepEqual(
      data.map(({ version, definition, contentHash }) => [version, definition.team, contentHash?.length]),
      [
        [3, undefined, 64],
        [2, "b", undefined],
        [1, "a", 64],
      ],
    );
    const page = await listAgentVersions(ctx, "evolving", { limit: 2, before: 4 });
    assert.deepEqual([page.data.length, page.nextBefore], [2, 2]);
  });

  it("restores what was changed by hand in between", async () => {
    const file = named("restored", "model: one");
    await importText(file);
    await updateAgent(ctx, "restored", { model: "two" });
    const { outcome, agent } = await importText(file);
    assert.deepEqual([outcome, agent.model, agent.version], ["updated", "one", 3]);
  });

  it("takes a runner and its secret from the file, and shows neither the secret nor a change where there is none", async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    const runner = `runner:\n  type: http\n  url: http://127.0.0.1:9/run\n  secret: ${secret}`;
    const { agent } = await importText(named("remote", runner));
    assert.deepEqual(agent.runner, { type: "http", url: "http://127.0.0.1:9/run" });
    assert.equal((await importText(named("remote", runner))).outcome, "unchanged");
    const { data } = await listAgentVersions(ctx, "remote", newest);
    assert.ok(!JSON.stringify([data, agent]).includes(secret));
  });

  it("makes one agent of a file that comes ten times at once", async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => importText(named("at once"))));
    const outcomes = results.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes.toSorted(), ["created", ...Array.from({ length: 9 }, () => "unchanged")]);
  });

  it("refuses what is not UTF-8, a private URL, an unknown command, and a credential that may not write", async () => {
    await assert.rejects(importAgent(ctx, Buffer.from([0x2d, 0x2d, 0x2d, 0xff])), { status: 400 });
    const runnerOf = (fields: string): string => named("refused", `runner: {${fields}}`);
    await assert.rejects(importText(runnerOf("type: http, url: 'http://169.254.169.254/'")), { status: 422 });
    await assert.rejects(importText(runnerOf("type: process, command: sh")), { status: 422 });
    await assert.rejects(importText(named("refused"), ctx.as("viewer")), { status: 403 });
    await assert.rejects(getAgent(ctx, "refused"), { status: 404 });
  });
});
