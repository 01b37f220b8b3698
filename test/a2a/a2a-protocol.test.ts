import assert from "node:assert/strict";
import { defaultProjectId } from "../../src/access/default-project.ts";
import { systemActor } from "../../src/access/system-actor.ts";
import { createAgent } from "../../src/agents/create-agent.ts";
import { startTestHub, type TestClient, type TestHub } from "../support/test-hub.ts";

const current = { "a2a-version": "1.0" };
const cardPath = "/.well-known/agent-card.json";

function message(fields: object = {}): object {
  return { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "Do it" }], ...fields };
}

describe("A2A on the wire", () => {
  let hub: TestHub;
  let anonymous: TestClient;
  before(async () => {
    hub = await startTestHub();
    anonymous = hub.as(undefined);
    await hub.call("POST", "/api/v1/agents", {
      name: "fixer",
      description: "Fixes things",
      team: "ops",
      capabilities: ["code"],
      runner: { type: "pull" },
    });
  });
  after(() => hub[Symbol.asyncDispose]());

  const rpc = (method: string, params: unknown, headers: Record<string, string> = current, client = hub.call) =>
    client("POST", "/a2a", { jsonrpc: "2.0", id: 1, method, params }, headers);

  it("has a card with the project's agents as skills for whoever shows a credential", async () => {
    const { status, body, headers } = await hub.call("GET", cardPath, undefined, current);
    assert.equal(status, 200);
    assert.deepEqual(body.skills, [{ id: "fixer", name: "fixer", description: "Fixes things", tags: ["code", "ops"] }]);
    assert.deepEqual(
      body.supportedInterfaces.map((each: { protocolBinding: string; protocolVersion: string; url: string }) => [
        each.protocolBinding,
        each.protocolVersion,
        each.url.replace(hub.url, ""),
      ]),
      [
        ["JSONRPC", "1.0", "/a2a"],
        ["HTTP+JSON", "1.0", "/a2a/v1"],
        ["JSONRPC", "0.3", "/a2a"],
        ["HTTP+JSON", "0.3", "/a2a"],
      ],
    );
    assert.deepEqual(body.capabilities, { streaming: true, pushNotifications: true, extendedAgentCard: true });
    assert.equal(body.securitySchemes.bearer.httpAuthSecurityScheme.scheme, "Bearer");
    assert.equal(headers.get("cache-control"), "no-cache");
    assert.equal((await hub.as("wrong")("GET", cardPath)).status, 401);
    const { body: extended } = await rpc("GetExtendedAgentCard", {});
    assert.equal(extended.result.skills[0].id, "fixer");
  });

  for (const publishSkills of [true, false])
    it(`${publishSkills ? "shows" : "does not show"} anyone the default project's agents with a2a.publishSkills ${publishSkills}`, async () => {
      await using other = await startTestHub({ settings: { a2a: { publishSkills } } });
      const { services } = other.hub;
      const ctx = { ...services, actor: systemActor(defaultProjectId) };
      await createAgent(ctx, { name: "public", runner: { type: "pull" } });
      await other.call("POST", "/api/v1/agents", { name: "private", runner: { type: "pull" } });
      const { body, headers } = await other.as(undefined)("GET", cardPath, undefined, current);
      const skills = (body.skills ?? []).map(({ id }: { id: string }) => id);
      assert.deepEqual(skills, publishSkills ? ["public"] : []);
      assert.match(headers.get("cache-control") ?? "", /^public/);
      assert.match(headers.get("vary") ?? "", /Authorization/i);
    });

  for (const path of [cardPath, "/.well-known/agent.json"])
    it(`has a card of 0.3 at ${path} for clients that ask for no version`, async () => {
      const { status, body } = await hub.call("GET", path);
      assert.equal(status, 200);
      assert.deepEqual([body.url, body.preferredTransport, body.skills[0].id], [`${hub.url}/a2a`, "JSONRPC", "fixer"]);
      assert.match(body.protocolVersion, /^0\.3/);
    });

  it("serves clients of 0.3 over JSON-RPC and HTTP+JSON", async () => {
    const said = { kind: "message", messageId: "old-1", role: "user", parts: [{ kind: "text", text: "Old" }] };
    const params = { message: said, configuration: { blocking: false } };
    const { body } = await hub.call("POST", "/a2a", { jsonrpc: "2.0", id: "a", method: "message/send", params });
    assert.deepEqual([body.id, body.result.kind, body.result.status.state], ["a", "task", "submitted"]);
    const got = await hub.call("POST", "/a2a", {
      jsonrpc: "2.0",
      id: 2,
      method: "tasks/get",
      params: { id: body.result.id },
    });
    assert.equal(got.body.result.id, body.result.id);
    const rest = await hub.call("GET", `/a2a/v1/tasks/${body.result.id}`);
    assert.equal(rest.status, 200, JSON.stringify(rest.body));
    const missing = await hub.call("POST", "/a2a", { jsonrpc: "2.0", id: 3, method: "tasks/get", params: { id: "x" } });
    assert.equal(missing.body.error.code, -32_001);
  });

  it("takes a method of 1.0 for what it is though no version was named", async () => {
    const { body } = await rpc("SendMessage", { message: message(), configuration: { returnImmediately: true } }, {});
    assert.equal(body.result.task.status.state, "TASK_STATE_SUBMITTED");
    const rest = await hub.call("GET", `/a2a/v1/tasks/${body.result.task.id}`, undefined, current);
    assert.equal(rest.body.id, body.result.task.id);
  });

  it("streams over SSE", async () => {
    const { body } = await rpc("SendMessage", { message: message(), configuration: { returnImmediately: true } });
    const { id } = body.result.task;
    const streaming = rpc("SubscribeToTask", { id });
    await rpc("CancelTask", { id });
    const { headers, body: text } = await streaming;
    if (headers.get("content-type") !== "text/event-stream") return assert.equal(text.error.code, -32_004);
    const last =
      String(text)
        .trim()
        .split("\n\n")
        .at(-1)
        ?.replace(/^data: /, "") ?? "";
    const { result } = JSON.parse(last);
    assert.equal((result.statusUpdate ?? result.task).status.state, "TASK_STATE_CANCELED");
  });

  it("needs a credential, and knows no other methods", async () => {
    for (const [method, path] of [
      ["POST", "/a2a"],
      ["GET", "/a2a/v1/tasks"],
      ["POST", "/a2a/v1/message:send"],
      ["GET", "/a2a/v1/card"],
    ] as const)
      assert.equal((await anonymous(method, path, method === "POST" ? {} : undefined)).status, 401, path);
    assert.equal((await hub.call("GET", "/a2a")).status, 405);
    assert.equal((await hub.call("DELETE", cardPath)).status, 405);
    assert.equal((await hub.call("GET", "/a2a/nothing")).status, 404);
  });

  for (const [what, body, code] of [
    ["no JSON", Buffer.from("{"), -32_700],
    ["a deep nesting", Buffer.from(`{"params":${"[".repeat(200)}${"]".repeat(200)}}`), -32_700],
    ["a list", [], -32_600],
    ["a text", "x", -32_600],
    ["no method", { jsonrpc: "2.0", id: 1 }, -32_602],
    ["another version of JSON-RPC", { jsonrpc: "1.0", id: 1, method: "GetTask", params: {} }, -32_602],
    ["an unknown method", { jsonrpc: "2.0", id: 1, method: "Nothing", params: {} }, -32_601],
    ["params that are a list", { jsonrpc: "2.0", id: 1, method: "GetTask", params: [] }, -32_602],
    ["no message", { jsonrpc: "2.0", id: 1, method: "SendMessage", params: {} }, -32_602],
    ["a message that is none", { jsonrpc: "2.0", id: 1, method: "SendMessage", params: { message: 1 } }, -32_602],
    [
      "a part that is null",
      { jsonrpc: "2.0", id: 1, method: "SendMessage", params: { message: { messageId: "a", parts: [null] } } },
      -32_602,
    ],
    [
      "an unknown task",
      { jsonrpc: "2.0", id: 1, method: "GetTask", params: { id: "tsk_00000000000000000000000000" } },
      -32_001,
    ],
    ["a number for an id", { jsonrpc: "2.0", id: 1, method: "GetTask", params: { id: 5 } }, -32_001],
    ["a page size of nonsense", { jsonrpc: "2.0", id: 1, method: "ListTasks", params: { pageSize: "x" } }, -32_602],
    ["an unknown state", { jsonrpc: "2.0", id: 1, method: "ListTasks", params: { status: "BUSY" } }, -32_602],
  ] as const)
    it(`answers ${what} with the error ${code}`, async () => {
      const headers = { ...current, "content-type": "application/json" };
      const answer = await hub.call("POST", "/a2a", body, headers);
      assert.deepEqual([answer.status, answer.body.error.code], [200, code], JSON.stringify(answer.body));
    });

  it("refuses an unknown version, a large body, another content type, and what a double cannot hold", async () => {
    assert.equal((await rpc("GetTask", { id: "x" }, { "a2a-version": "2.0" })).body.error.code, -32_009);
    assert.equal((await rpc("GetTask", { id: "x".repeat(1_100_000) })).status, 413);
    assert.equal((await hub.call("POST", "/a2a", Buffer.from("x"), { "content-type": "text/plain" })).status, 415);
    const bytes = Buffer.from(
      JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "SendMessage",
        params: { message: message({ parts: [{ data: "N" }] }) },
      }).replace('"N"', "1e999"),
    );
    const { body } = await hub.call("POST", "/a2a", bytes, { ...current, "content-type": "application/json" });
    assert.equal(body.error.code, -32_602);
  });

  for (const [what, path, body, status] of [
    ["a part that is null", "/a2a/v1/message:send", { message: { messageId: "a", parts: [null] } }, 400],
    ["a message that is a text", "/a2a/v1/message:send", { message: "x" }, 400],
    ["nothing", "/a2a/v1/message:send", {}, 400],
    [
      "a tenant in the path and another in the body",
      "/a2a/v1/nobody/message:send",
      { tenant: "x", message: message() },
      400,
    ],
    ["a stream of nothing", "/a2a/v1/message:stream", {}, 400],
    ["an unknown task", "/a2a/v1/tasks/x:cancel", {}, 404],
  ] as const)
    it(`answers ${what} over HTTP+JSON with ${status}`, async () => {
      for (const headers of [current, { "a2a-version": "0.3" }]) {
        const answer = await hub.call("POST", path, body, headers);
        assert.ok(
          answer.status === status || (headers !== current && answer.status < 500),
          `${answer.status} ${JSON.stringify(answer.body)}`,
        );
      }
    });

  it("names the agent by the tenant too", async () => {
    const body = { message: message(), configuration: { returnImmediately: true } };
    const { status, body: told } = await hub.call("POST", "/a2a/v1/fixer/message:send", body, current);
    assert.deepEqual([status, told.task.metadata.skillId], [200, "fixer"]);
  });
});
