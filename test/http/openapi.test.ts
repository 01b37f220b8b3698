import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import supertest from "supertest";
import { z } from "zod";
import { escapeHtml } from "../../src/http/html.ts";
import { describeApi } from "../../src/http/openapi.ts";
import type { OpenApiDocument } from "../../src/http/openapi-document.ts";
import { operation } from "../../src/http/operation.ts";
import { checkOpenApi } from "./check-openapi.ts";
import { echoOperations } from "./echo-operations.ts";
import { startTestApi, type TestApi } from "./test-api.ts";

const part = z.strictObject({ limit: z.int().default(3) }).meta({ id: "Part" });
const tree: z.ZodType = z.lazy(() => z.strictObject({ children: z.array(tree).optional() }));

function describeOne(options: { readonly body: z.ZodType; readonly answer: z.ZodType }): OpenApiDocument {
  const one = operation({
    method: "post",
    path: "/api/v1/one-thing/{id}",
    summary: "Do one thing",
    tag: "One",
    params: z.strictObject({ id: z.string().meta({ description: "Which." }) }),
    body: options.body,
    responses: { 200: { description: "Done.", schema: options.answer } },
    handle: async () => ({ status: 200 }),
  });
  return describeApi({ operations: [one], webhooks: {}, version: "1", publicUrl: "https://hub.example" });
}

describe("The OpenAPI document", () => {
  let api: TestApi;
  let document: OpenApiDocument;
  before(async () => {
    api = await startTestApi({ operations: echoOperations().operations });
    document = (await supertest(api.url).get("/openapi.json")).body;
  });
  after(() => api[Symbol.asyncDispose]());

  it("is OpenAPI 3.1, with every reference leading somewhere and every operation named", () => {
    checkOpenApi(document);
  });

  it("describes each call by the schemas that check it", () => {
    const issue = document.paths["/api/v1/keys"]?.["post"];
    assert.deepEqual(issue?.requestBody, {
      required: true,
      content: { "application/json": { schema: { $ref: "#/components/schemas/NewApiKey" } } },
    });
    assert.deepEqual(document.components.schemas["NewApiKey"]?.["required"], ["name", "role"]);
    assert.equal(document.components.schemas["NewApiKey"]?.["additionalProperties"], false);
    const limit = document.paths["/api/v1/keys"]?.["get"]?.parameters?.find(({ name }) => name === "limit");
    assert.deepEqual(limit?.schema, { type: "integer", minimum: 1, maximum: 200, default: 50 });
    assert.equal(limit?.required, false);
    assert.deepEqual(document.paths["/api/v1/tokens"]?.["post"]?.requestBody?.required, false);
    assert.ok(issue?.parameters?.some(({ name }) => name === "Idempotency-Key"));
    const put = document.paths["/api/v1/echo/{id}/bytes"]?.["put"];
    assert.deepEqual(
      put?.parameters?.map(({ name, required }) => [name, required]),
      [
        ["id", true],
        ["Lease-Token", true],
      ],
    );
    assert.deepEqual(Object.keys(document.paths["/api/v1/markdown"]?.["post"]?.requestBody?.content ?? {}), [
      "text/markdown",
    ]);
  });

  it("asks for a Bearer credential wherever one is needed", async () => {
    assert.deepEqual(document.security, [{ bearer: [] }]);
    for (const [path, item] of Object.entries(document.paths))
      for (const [method, { security }] of Object.entries(item)) {
        const url = api.url + path.replaceAll(/\{\w+\}/g, "x");
        const { status } = await fetch(url, { method: method.toUpperCase() });
        if (!path.startsWith("/in/")) assert.equal(status === 401, security === undefined, `${method} ${path}`);
      }
  });

  it("lists the outbound messages as webhooks", () => {
    const message = document.webhooks["task.completed"]?.["post"];
    assert.equal(message?.operationId, "receiveTaskCompleted");
    assert.equal(message.summary, "A task has completed");
  });

  it("splits a named schema that differs between what is sent and what is answered", () => {
    const split = describeOne({ body: z.strictObject({ part }), answer: z.strictObject({ part }) });
    checkOpenApi(split);
    const { Part, PartOutput } = split.components.schemas;
    assert.equal(Part?.["required"], undefined);
    assert.deepEqual(PartOutput?.["required"], ["limit"]);
    const same = z.strictObject({ name: z.string() }).meta({ id: "Same" });
    assert.deepEqual(Object.keys(describeOne({ body: same, answer: same }).components.schemas), ["Problem", "Same"]);
  });

  it("takes schemas that refer to themselves, and refuses one name for two", () => {
    checkOpenApi(describeOne({ body: tree, answer: z.json() }));
    const twin = (field: string) =>
      z.strictObject({ twin: z.strictObject({ [field]: z.string() }).meta({ id: "Twin" }) });
    assert.throws(() => describeOne({ body: z.union([twin("a"), z.strictObject({ more: twin("b") })]), answer: tree }));
  });

  it("is a page to read at /docs, whole in itself", async () => {
    const page = await supertest(api.url).get("/docs");
    assert.equal(page.status, 200);
    assert.equal(page.type, "text/html");
    for (const item of Object.values(document.paths))
      for (const { operationId, summary } of Object.values(item)) {
        assert.ok(page.text.includes(`id="${operationId}"`), operationId);
        assert.ok(page.text.includes(escapeHtml(summary)), summary);
      }
    for (const name of Object.keys(document.components.schemas)) assert.ok(page.text.includes(`id="schema-${name}"`));
    for (const [, anchor] of page.text.matchAll(/href="#([^"]+)"/g))
      assert.ok(page.text.includes(`id="${anchor}"`), anchor);
    assert.ok(!/(?:src|href)="(?:https?:)?\/\//.test(page.text));
    assert.match(page.text, /curl -X POST &#39;https:\/\/hub\.example\/api\/v1\/keys&#39;/);
  });

  it("has a page whose policy lets its own style and script run and nothing else", async () => {
    const page = await supertest(api.url).get("/docs");
    const policy = String(page.headers["content-security-policy"]);
    for (const tag of ["style", "script"]) {
      const content = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page.text)?.[1] ?? "";
      const hash = createHash("sha256").update(content).digest("base64");
      assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`), tag);
    }
    assert.ok(policy.startsWith("default-src 'none'"));
    assert.ok(!/ style="| on\w+="/.test(page.text));
  });
});
