import assert from "node:assert/strict";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

const markdown = (plan: string): string =>
  `# Result\n\n## 1. Plan\n${plan}\n\n## 2. Endpoints/Contracts\nGET /a\n\n## 3. Database Impact\nNone\n\n## 4. Tests\n- a\n\n## 5. Risks & Rollbacks\nRevert\n`;
const report = (plan: string) => ({
  plan,
  endpoints: "GET /a",
  databaseImpact: "None",
  tests: "- a",
  risks: "Revert",
});

describe("A result that follows the report template", () => {
  let hub: WorkingHub;
  let receiver: Receiver;
  before(async () => {
    hub = await startWorkingHub();
    receiver = await startReceiver();
    const eventTypes = ["task.completed", "task.input_required"];
    await hub.test.call("POST", "/api/v1/endpoints", { url: receiver.url, eventTypes });
  });
  after(async () => {
    await receiver[Symbol.asyncDispose]();
    await hub[Symbol.asyncDispose]();
  });

  async function finish(result: unknown, artifacts: Record<string, [string, string]> = {}, fields: object = {}) {
    const agent = await hub.agent();
    const id = await hub.task(agent, fields);
    const work = await hub.leaseOne(agent);
    for (const [name, [contentType, content]] of Object.entries(artifacts)) {
      const headers = { "lease-token": work.leaseToken, "content-type": contentType };
      const path = `/api/v1/worker/tasks/${id}/artifacts/${name}`;
      assert.equal((await hub.test.call("PUT", path, Buffer.from(content), headers)).status, 200);
    }
    assert.equal((await hub.say(work, "complete", { result })).status, 200);
    await hub.test.hub.processAll();
    return await hub.read(id);
  }
  const said = (id: string) =>
    receiver.requests.map(({ body }) => JSON.parse(body)).filter(({ data }) => data.task.id === id);

  it("is shown by its sections, in the task and in what is announced", async () => {
    for (const result of [markdown("a"), { text: markdown("a") }, { report: markdown("a"), other: 1 }]) {
      const task = await finish(result);
      assert.deepEqual([task.report, task.result], [report("a"), result]);
      assert.deepEqual(said(task.id)[0].data.task.report, report("a"));
    }
  });

  it("may be an artifact in Markdown; the result goes before it", async () => {
    const artifacts: Record<string, [string, string]> = {
      "a.md": ["text/markdown; charset=utf-8", markdown("artifact")],
      "b.txt": ["text/plain", markdown("text")],
      "c.md": ["text/markdown", "# Notes"],
    };
    const task = await finish({ ok: true }, artifacts);
    assert.deepEqual(task.report, report("artifact"));
    assert.deepEqual(said(task.id)[0].data.task.report, report("artifact"));
    assert.deepEqual((await finish(markdown("result"), artifacts)).report, report("result"));
    const [first, second] = task.artifacts;
    assert.equal(first.report, undefined, "not in lists");
    assert.deepEqual((await hub.test.call("GET", `/api/v1/artifacts/${first.id}`)).body.report, report("artifact"));
    assert.equal((await hub.test.call("GET", `/api/v1/artifacts/${second.id}`)).body.report, undefined);
  });

  it("is announced when it was approved, and not before", async () => {
    const task = await finish(markdown("secret"), { "a.md": ["text/markdown", markdown("secret")] }, { approval: {} });
    assert.deepEqual(task.report, report("secret"), "whoever approves sees it");
    assert.ok(said(task.id).every((message) => !JSON.stringify(message).includes("secret")));
    await hub.test.call("POST", `/api/v1/tasks/${task.id}/approve`);
    await hub.test.hub.processAll();
    assert.deepEqual(said(task.id).at(-1).data.task.report, report("secret"));
  });

  it("is looked for in no other kind of result", async () => {
    for (const result of [
      null,
      7,
      [markdown("a")],
      { deep: { text: markdown("a") } },
      "Plan\nTests\nRisks",
      { text: 7 },
    ])
      assert.equal((await finish(result)).report, undefined);
    const invalid = Buffer.concat([Buffer.from(markdown("a")), Buffer.from([0xff, 0xfe, 0])]).toString("latin1");
    assert.equal((await finish(1, { "a.md": ["text/markdown", invalid] })).report?.plan, "a");
    assert.equal((await finish(1, { "a.md": ["text/markdown", markdown("x".repeat(300_000))] })).report, undefined);
  });
});
