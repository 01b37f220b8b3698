import assert from "node:assert/strict";
import { createEndpoint, newEndpoint, type NewEndpoint } from "../../src/endpoints/create-endpoint.ts";
import { createSubscriber } from "../../src/endpoints/create-subscriber.ts";
import { deleteEndpoint } from "../../src/endpoints/delete-endpoint.ts";
import type { Endpoint } from "../../src/endpoints/endpoint.ts";
import { getEndpoint } from "../../src/endpoints/get-endpoint.ts";
import { listEndpoints } from "../../src/endpoints/list-endpoints.ts";
import { endpointChanges, updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { fromWireId } from "../../src/lib/ids.ts";
import { parseInput } from "../../src/lib/parse-input.ts";
import { auditLog, tablesWith, withoutAudit } from "../support/database-contents.ts";
import { invalidAt } from "../support/invalid-at.ts";
import { createTestContext, type TestContext } from "../support/test-context.ts";

const url = "https://receiver.example/hook";
const ownSecret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

function uuidOf({ id }: Endpoint): string {
  return fromWireId("endpoint", id) as string;
}

describe("endpoint verbs", () => {
  let ctx: TestContext;
  before(async () => {
    ctx = await createTestContext();
  });
  after(() => ctx[Symbol.asyncDispose]());

  it("adds an endpoint, shows its secret once and keeps it sealed", async () => {
    const { secret, ...endpoint } = await createEndpoint(ctx, { url });
    assert.match(secret ?? "", /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual(endpoint, {
      id: endpoint.id,
      url,
      subscriberId: endpoint.subscriberId,
      headers: {},
      disabled: false,
      createdAt: "2026-01-02T03:04:05.678Z",
      updatedAt: "2026-01-02T03:04:05.678Z",
    });
    assert.deepEqual(await getEndpoint(ctx, uuidOf(endpoint)), endpoint);
    assert.deepEqual(await tablesWith(ctx, url), ["public.endpoints"]);
    for (const text of [secret as string, (secret as string).slice("whsec_".length)])
      assert.deepEqual(await tablesWith(ctx, text), []);
    assert.deepEqual((await auditLog(ctx)).at(-1), {
      action: "endpoint.create",
      target: endpoint.id,
      detail: { fields: ["url"] },
    });
  });

  it("adds an endpoint with everything that can be said of it", async () => {
    const subscriber = await createSubscriber(ctx, { name: "Acme" });
    const input = {
      url: "http://127.0.0.1:8080/hook?a=b",
      eventTypes: ["task.completed", "task.failed", "task.completed"],
      headers: { "X-Tenant": "a; b=c" },
      concurrency: 3,
      timeoutSeconds: 60,
      retry: { scheduleSeconds: [5, 604_800] },
      secret: ownSecret,
      disabled: true,
      description: "Ours",
    };
    const subscriberId = fromWireId("subscriber", subscriber.id) as string;
    const made = await createEndpoint(ctx, { ...parseInput(newEndpoint, input), subscriberId });
    assert.deepEqual(made, {
      id: made.id,
      ...input,
      subscriberId: subscriber.id,
      eventTypes: ["task.completed", "task.failed"],
      disabledReason: "manual",
      createdAt: made.createdAt,
      updatedAt: made.updatedAt,
    });
  });

  it("shows a secret only to a role that may see it", async () => {
    for (const secret of [undefined, ownSecret]) {
      const input = secret === undefined ? { url } : { url, secret };
      assert.ok((await createEndpoint(ctx.as("admin"), input)).secret !== undefined);
      assert.equal("secret" in (await createEndpoint(ctx.as("developer"), input)), false);
    }
  });

  it("refuses a URL that no call may go to, when it is made and when it is changed", async () => {
    const made = await createEndpoint(ctx, { url });
    for (const bad of [
      "http://169.254.169.254/",
      "http://10.0.0.1/",
      "http://[::1]/",
      "http://[::ffff:10.0.0.1]/",
      "http://2852039166/",
      "http://0xa9.254.169.254/",
      "http://0251.0376.0251.0376/",
      "http://user:password@receiver.example/",
      "file:///etc/passwd",
      "receiver.example/hook",
    ]) {
      await assert.rejects(createEndpoint(ctx, { url: bad }), invalidAt("url"));
      await assert.rejects(updateEndpoint(ctx, uuidOf(made), { url: bad }), invalidAt("url"));
    }
  });

  const header = (name: string, value: unknown = "x"): object => ({ url, headers: { [name]: value } });
  for (const [what, input, ...paths] of [
    ["white space in the URL", { url: `${url} ` }, "url"],
    ["a subscriber id that is none", { url, subscriberId: "" }, "subscriberId"],
    ["a field that it does not know", { url, filters: {} }, "filters"],
    ["a rate of none", { url, rateLimitPerSecond: 0 }, "rateLimitPerSecond"],
    ["no types at all", { url, eventTypes: [] }, "eventTypes"],
    ["a pattern with three stars", { url, eventTypes: ["task.completed", "a*b*c*"] }, "eventTypes.1"],
    ["a channel with a comma", { url, channels: ["a", "a,b"] }, "channels.1"],
    [
      "two ways to wait",
      { url, retry: { scheduleSeconds: [1], exponential: { baseSeconds: 1, maxSeconds: 2, retries: 3 } } },
      "retry.exponential",
    ],
    ["retries that say nothing", { url, retry: {} }, "retry.scheduleSeconds"],
    [
      "51 doublings",
      { url, retry: { exponential: { baseSeconds: 1, maxSeconds: 2, retries: 51 } } },
      "retry.exponential.retries",
    ],
    [
      "a signature in the place of the length",
      { url, signing: { headerNames: { id: "Content-Length" } } },
      "signing.headerNames.id",
    ],
    [
      "one header for two things",
      { url, signing: { headerNames: { id: "x-a", timestamp: "X-A" } } },
      "signing.headerNames",
    ],
    ["a prefix with a line feed", { url, signing: { raw: { header: "x-a", prefix: "a\n" } } }, "signing.raw.prefix"],
    [
      "a certificate that is none",
      { url, clientCertificate: { certificate: "x", privateKey: "y" } },
      "clientCertificate.certificate",
    ],
    ["21 retries", { url, retry: { scheduleSeconds: Array.from({ length: 21 }, () => 1) } }, "retry.scheduleSeconds"],
    ["a retry at once", { url, retry: { scheduleSeconds: [1, 0] } }, "retry.scheduleSeconds.1"],
    ["a retry after more than a week", { url, retry: { scheduleSeconds: [604_801] } }, "retry.scheduleSeconds.0"],
    ["a timeout over a minute", { url, timeoutSeconds: 61 }, "timeoutSeconds"],
    ["a secret without its prefix", { url, secret: "aGVsbG8=" }, "secret"],
    ["a short secret", { url, secret: "whsec_aGVsbG8=" }, "secret"],
    ["headers that are a list", { url, headers: [] }, "headers"],
    ["a header with a line feed", header("x-a", "a\r\nb: c"), "headers.x-a"],
    ["a header with NUL", header("x-a", "a\u0000"), "headers.x-a"],
    ["a header that is a number", header("x-a", 1), "headers.x-a"],
    ["an empty header", header("x-a", ""), "headers.x-a"],
    ["a header name with a colon", header("x:a"), "headers.x:a"],
    ["a hop-by-hop header", header("Transfer-Encoding", "chunked"), "headers.Transfer-Encoding"],
    ["another length", header("Content-Length", "1"), "headers.Content-Length"],
    ["another host", header("host"), "headers.host"],
    ["another content type", header("content-type"), "headers.content-type"],
    ["a signature of its own", header("Webhook-Signature"), "headers.Webhook-Signature"],
    ["a password", header("Authorization", "Bearer x"), "headers.Authorization"],
    ["a cookie", header("cookie"), "headers.cookie"],
    ["a header twice", { url, headers: { "x-a": "1", "X-A": "2" } }, "headers.X-A"],
    ["__proto__ as a header", JSON.parse(`{"url": "${url}", "headers": {"__proto__": "x"}}`), "headers.__proto__"],
    [
      "21 headers",
      { url, headers: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, "x"])) },
      "headers",
    ],
  ] as const)
    it(`refuses ${what}`, () => {
      assert.throws(() => parseInput(newEndpoint, input), invalidAt(...paths));
    });

  it("refuses a subscriber that the project does not have", async () => {
    const theirs = await createSubscriber(await ctx.inAnotherProject(), { name: "Theirs" });
    const subscriberId = fromWireId("subscriber", theirs.id) as string;
    await assert.rejects(createEndpoint(ctx, { url, subscriberId }), invalidAt("subscriberId"));
  });

  it("changes only what is named, and clears what is null", async () => {
    const input: NewEndpoint = { url, eventTypes: ["a"], timeoutSeconds: 5, headers: { "x-a": "1" }, description: "d" };
    const { secret: _, ...made } = await createEndpoint(ctx, { ...input, retry: { scheduleSeconds: [] } });
    ctx.clock.advanceBy(1);
    const heard: unknown[] = [];
    const stop = ctx.signals.on("endpoints", (keys) => heard.push(keys));
    const changed = await updateEndpoint(ctx, uuidOf(made), {
      eventTypes: null,
      timeoutSeconds: null,
      retry: null,
      headers: {},
      concurrency: 9,
    });
    stop();
    const { eventTypes: _types, timeoutSeconds: _timeout, retry: _retry, ...rest } = made;
    const updatedAt = new Date(ctx.clock.now()).toISOString();
    assert.deepEqual(changed, { ...rest, headers: {}, concurrency: 9, updatedAt });
    assert.deepEqual(heard, [[uuidOf(made)]]);
    for (const field of ["secret", "subscriberId", "id"])
      assert.throws(() => parseInput(endpointChanges, { [field]: "x" }), invalidAt(field));
  });

  it("says why an endpoint is disabled, and keeps the hub's own reason", async () => {
    const id = uuidOf(await createEndpoint(ctx, { url }));
    const operator = ctx.as("operator");
    assert.equal((await updateEndpoint(operator, id, { disabled: true })).disabledReason, "manual");
    await ctx.db.kysely.updateTable("endpoints").set({ disabled_reason: "gone" }).where("id", "=", id).execute();
    assert.equal((await updateEndpoint(operator, id, { disabled: true })).disabledReason, "gone");
    const enabled = await updateEndpoint(operator, id, { disabled: false });
    assert.deepEqual([enabled.disabled, "disabledReason" in enabled], [false, false]);
    await assert.rejects(updateEndpoint(operator, id, { disabled: true, url }), { status: 403 });
    assert.deepEqual((await auditLog(ctx)).at(-1)?.detail, { fields: ["disabled"], disabled: false });
  });

  it("lists a project's endpoints, newest first, page by page", async () => {
    const other = await ctx.inAnotherProject();
    const made: Endpoint[] = [];
    for (const path of ["/1", "/2", "/3"]) {
      const { secret: _, ...endpoint } = await createEndpoint(other, { url: `https://receiver.example${path}` });
      made.unshift(endpoint);
    }
    assert.deepEqual((await listEndpoints(other, {}, { limit: 2 })).data, made.slice(0, 2));
    const cursor = uuidOf(made[1] as Endpoint);
    assert.deepEqual(await listEndpoints(other, {}, { limit: 2, cursor }), { data: made.slice(2) });
  });

  it("deletes an endpoint with its secrets, and cancels what it still had to receive", async () => {
    const [doomed, kept] = [await createEndpoint(ctx, { url }), await createEndpoint(ctx, { url })];
    const states = ["pending", "pending", "succeeded", "failed"];
    const now = new Date(ctx.clock.now());
    for (const endpoint of [doomed, kept])
      for (const state of states)
        await ctx.db.kysely
          .insertInto("deliveries")
          .values({
            id: ctx.newId(),
            project_id: ctx.actor.projectId,
            message_id: ctx.newId(),
            endpoint_id: uuidOf(endpoint),
            state,
            attempts: 0,
            retries_spent: 0,
            last_outcome: null,
            last_status: null,
            next_attempt_at: state === "pending" ? now : null,
            created_at: now,
            settled_at: state === "pending" ? null : now,
          })
          .execute();
    await deleteEndpoint(ctx, uuidOf(doomed));
    const deliveries = await ctx.db.kysely
      .selectFrom("deliveries")
      .select(["endpoint_id", "state", "next_attempt_at", "settled_at"])
      .orderBy("id")
      .execute();
    const of = (endpoint: Endpoint) => deliveries.filter((delivery) => delivery.endpoint_id === uuidOf(endpoint));
    assert.deepEqual(
      of(doomed).map(({ state, next_attempt_at, settled_at }) => [state, next_attempt_at, settled_at]),
      ["canceled", "canceled", "succeeded", "failed"].map((state) => [state, null, now]),
    );
    assert.deepEqual(
      of(kept).map(({ state }) => state),
      states,
    );
    await assert.rejects(getEndpoint(ctx, uuidOf(doomed)), { status: 404 });
    await assert.rejects(deleteEndpoint(ctx, uuidOf(doomed)), { status: 404 });
    const secrets = ctx.db.kysely.selectFrom("endpoint_secrets").select("id");
    assert.deepEqual(await secrets.where("endpoint_id", "=", uuidOf(doomed)).execute(), []);
  });

  it("changes nothing when the audit row cannot be written", async () => {
    const blind = withoutAudit(ctx);
    const made = await createEndpoint(ctx, { url });
    const before = await listEndpoints(ctx, {}, { limit: 200 });
    await assert.rejects(createEndpoint(blind, { url }));
    await assert.rejects(updateEndpoint(blind, uuidOf(made), { disabled: true }));
    await assert.rejects(deleteEndpoint(blind, uuidOf(made)));
    assert.deepEqual(await listEndpoints(ctx, {}, { limit: 200 }), before);
  });

  it("rejects a read-only actor, and answers 404 for another project's endpoint", async () => {
    const { secret: _, ...made } = await createEndpoint(ctx, { url });
    const id = uuidOf(made);
    const viewer = ctx.as("viewer");
    assert.deepEqual(await getEndpoint(viewer, id), made);
    await assert.rejects(createEndpoint(viewer, { url }), { status: 403 });
    await assert.rejects(updateEndpoint(viewer, id, { disabled: true }), { status: 403 });
    await assert.rejects(deleteEndpoint(viewer, id), { status: 403 });
    const stranger = await ctx.inAnotherProject();
    await assert.rejects(getEndpoint(stranger, id), { status: 404 });
    await assert.rejects(updateEndpoint(stranger, id, { disabled: true }), { status: 404 });
    await assert.rejects(deleteEndpoint(stranger, id), { status: 404 });
  });
});
