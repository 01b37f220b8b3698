import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { tools } from "../../src/http/mcp/tools.ts";
import { type HubWithHistory, startHubWithHistory } from "../support/hub-with-history.ts";

interface ToolAnswer {
  readonly isError: boolean;
  readonly value: { readonly [field: string]: unknown };
}

describe("The MCP server, asked by the official client", () => {
  let hub: HubWithHistory;
  before(async () => {
    hub = await startHubWithHistory();
  });
  after(() => hub[Symbol.asyncDispose]());

  async function connect(key: string): Promise<Client> {
    const client = new Client({ name: "test", version: "1" });
    const headers = { authorization: `Bearer ${key}` };
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${hub.test.url}/mcp`), { requestInit: { headers } }),
    );
    return client;
  }
  async function callTool(client: Client, name: string, args: Record<string, unknown> = {}): Promise<ToolAnswer> {
    const { content, structuredContent, isError = false } = await client.callTool({ name, arguments: args });
    const [{ text }] = content as [{ text: string }];
    const value = JSON.parse(text);
    assert.deepEqual(structuredContent, value);
    return { isError: isError as boolean, value };
  }

  it("tells what it is and offers its tools", async () => {
    const client = await connect(await hub.test.keyFor("admin"));
    assert.equal(client.getServerVersion()?.name, "hookyard");
    const { tools: offered } = await client.listTools();
    assert.deepEqual(
      offered.map(({ name }) => name),
      tools.map(({ name }) => name),
    );
    const create = offered.find(({ name }) => name === "create_task");
    assert.deepEqual(create?.inputSchema.required, ["input"]);
    assert.ok(create?.annotations?.readOnlyHint === false);
    for (const { inputSchema, description } of offered) {
      assert.equal(inputSchema.type, "object");
      assert.ok((description ?? "").length > 5);
    }
    await client.close();
  });

  it("lists events, traces one, and creates, inspects and cancels a task", async () => {
    const client = await connect(await hub.test.keyFor("admin"));
    const { value: events } = await callTool(client, "list_events", { limit: 1 });
    assert.equal((events["data"] as { id: string }[])[0]?.id, hub.ids.event);
    const { value: trace } = await callTool(client, "trace", { id: hub.ids.event });
    assert.ok(JSON.stringify(trace).includes(hub.ids.task));
    const made = await callTool(client, "create_task", { agent: "triager", input: "Look at it", priority: 2 });
    assert.deepEqual([made.isError, made.value["state"], made.value["priority"]], [false, "submitted", 2]);
    const id = made.value["id"] as string;
    assert.equal((await callTool(client, "get_task", { id })).value["input"], "Look at it");
    assert.equal((await callTool(client, "cancel_task", { id })).value["state"], "canceled");
    const dry = await callTool(client, "dry_run_route", {
      route: { name: "try", agent: "triager", task: { input: "About ${event.type}" } },
      eventId: hub.ids.event,
    });
    assert.equal(dry.isError, false);
    assert.ok(JSON.stringify(dry.value).includes("About issues.opened"));
    await client.close();
  });

  it("says what is wrong with a call, as the API does", async () => {
    const client = await connect(await hub.test.keyFor("admin"));
    const unknown = await callTool(client, "create_task", { agent: "triager", input: "x", colour: "red" });
    assert.equal(unknown.isError, true);
    assert.deepEqual(unknown.value["errors"], [{ path: "colour", message: "is not a known field" }]);
    assert.equal((await callTool(client, "get_task", { id: "tsk_nonsense" })).value["status"], 422);
    assert.equal((await callTool(client, "list_events", { limit: 1e9 })).value["status"], 422);
    assert.equal((await callTool(client, "list_tasks", { agent: "a\u0000" })).value["status"], 422);
    await assert.rejects(client.callTool({ name: "drop_everything", arguments: {} }), /no tool drop_everything/);
    await client.close();
  });

  it("gives a key what its role permits, in its own project", async () => {
    const viewer = await connect(await hub.test.keyFor("viewer"));
    assert.equal((await callTool(viewer, "create_task", { agent: "triager", input: "x" })).value["status"], 403);
    assert.equal((await callTool(viewer, "get_task", { id: hub.ids.task })).isError, false);
    await viewer.close();
    await assert.rejects(connect("hyk_nonsense"), /401|credential/i);
    const stranger = await hub.test.inAnotherProject();
    const { body } = await stranger("POST", "/api/v1/keys", { name: "a viewer", role: "viewer" });
    const other = await connect(body.key);
    assert.equal((await callTool(other, "get_task", { id: hub.ids.task })).value["status"], 404);
    await other.close();
  });

  it("keeps no session, and refuses what is no message of the protocol", async () => {
    const { call } = hub.test;
    assert.equal((await call("GET", "/mcp")).status, 405);
    assert.equal((await call("POST", "/mcp", Buffer.from("{"), { "content-type": "application/json" })).status, 400);
    const accept = { accept: "application/json, text/event-stream" };
    assert.equal((await call("POST", "/mcp", { jsonrpc: "1.0" }, accept)).status, 400);
    assert.equal((await call("POST", "/mcp", undefined, accept)).status, 415);
  });
});
