import assert from "node:assert/strict";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { checkOpenApi } from "./check-openapi.ts";

describe("the whole API, described", () => {
  let test: TestHub;
  before(async () => void (test = await startTestHub()));
  after(() => test[Symbol.asyncDispose]());

  it("is a page to read", async () => {
    const page = await fetch(`${test.url}/docs`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /\/api\/v1\/providers\/verify/);
  });

  it("is OpenAPI 3.1 with every message that the hub sends and every call there is, streams too", async () => {
    const document = (await test.call("GET", "/openapi.json")).body;
    checkOpenApi(document);
    const ofTasks = ["submitted", "working", "input_required", "completed", "failed", "canceled"];
    const ofTheHub = ["endpoint.failing", "endpoint.disabled", "source.rejecting", "agent.paused"];
    for (const type of [...ofTasks.map((state) => `task.${state}`), ...ofTheHub])
      assert.ok(type in document.webhooks, type);
    for (const path of ["/", "/docs", "/openapi.json", "/api/v1/stream", "/api/v1/ws", "/in/{sourceId}"])
      assert.ok(path in document.paths, path);
  });
});
