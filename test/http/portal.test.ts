import assert from "node:assert/strict";
import jwt from "jsonwebtoken";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { type TestClient, startTestHub, type TestHub } from "../support/test-hub.ts";

// Everything that a portal token may call, by hand: a new call is not among them unless it is meant to be.
const open = new Set([
  "get /api/v1/subscribers",
  "get /api/v1/subscribers/{id}",
  "get /api/v1/subscribers/{id}/messages/poll",
  "get /api/v1/subscribers/{id}/messages/stream",
  "post /api/v1/subscribers/{id}/messages/ack",
  "get /api/v1/endpoints",
  "post /api/v1/endpoints",
  "get /api/v1/endpoints/{id}",
  "patch /api/v1/endpoints/{id}",
  "delete /api/v1/endpoints/{id}",
  "get /api/v1/endpoints/{id}/stats",
  ...["rotate-secret", "rotate-key", "enable", "disable", "test", "recover", "replay", "cancel-pending", "verify"].map(
    (verb) => `post /api/v1/endpoints/{id}/${verb}`,
  ),
  "get /api/v1/messages",
  "get /api/v1/messages/{id}",
  "get /api/v1/messages/{id}/deliveries",
  "post /api/v1/messages/{id}/resend",
  "get /api/v1/deliveries",
  "get /api/v1/deliveries/{id}",
  "get /api/v1/deliveries/{id}/attempts",
  "post /api/v1/deliveries/{id}/retry",
  "post /api/v1/deliveries/{id}/cancel",
  "get /api/v1/bulk-operations",
  "get /api/v1/bulk-operations/{id}",
  "post /api/v1/bulk-operations/{id}/cancel",
  "get /api/v1/event-types",
  "get /api/v1/event-types/{name}",
]);

describe("a portal token", () => {
  let test: TestHub;
  let receiver: Receiver;
  let own: string;
  let other: string;
  let portal: TestClient;
  let token: string;
  /** What belongs to another subscriber. */
  const foreign: Record<string, string> = {};
  before(async () => {
    test = await startTestHub();
    receiver = await startReceiver();
    const subscriber = async (name: string): Promise<string> =>
      (await test.call("POST", "/api/v1/subscribers", { name })).body.id;
    own = await subscriber("Own");
    other = await subscriber("Other");
    const minted = await test.call("POST", `/api/v1/subscribers/${own}/portal-token`);
    assert.equal(minted.status, 201, JSON.stringify(minted.body));
    token = minted.body.token;
    portal = test.as(token);

    const endpoint = await test.call("POST", "/api/v1/endpoints", { url: receiver.url, subscriberId: other });
    foreign["endpoint"] = endpoint.body.id;
    const message = await test.call("POST", "/api/v1/messages", { type: "a.b", data: {}, subscriberId: other });
    foreign["message"] = message.body.id;
    await test.hub.processAll();
    const since = "2020-01-01T00:00:00Z";
    const operation = await test.call("POST", `/api/v1/endpoints/${foreign["endpoint"]}/recover`, { since });
    foreign["bulk"] = operation.body.id;
    foreign["delivery"] = (await test.call("GET", `/api/v1/messages/${foreign["message"]}/deliveries`)).body.data[0].id;
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  });

  it("manages its own endpoints, which are its subscriber's", async () => {
    const made = await portal("POST", "/api/v1/endpoints", { url: receiver.url, eventTypes: ["mine.*"] });
    assert.deepEqual([made.status, made.body.subscriberId], [201, own]);
    assert.match(made.body.secret, /^whsec_/);
    const path = `/api/v1/endpoints/${made.body.id}`;
    assert.deepEqual(
      (await portal("GET", "/api/v1/endpoints")).body.data.map(({ id }: { id: string }) => id),
      [made.body.id],
    );
    assert.equal((await portal("PATCH", path, { description: "Ours" })).body.description, "Ours");
    assert.match((await portal("POST", `${path}/rotate-secret`)).body.secret, /^whsec_/);
    assert.equal((await portal("POST", `${path}/disable`)).body.disabled, true);
    assert.equal((await portal("POST", `${path}/enable`)).body.disabled, false);
    assert.equal((await portal("GET", `${path}/stats`)).status, 200);
    assert.equal((await portal("POST", `${path}/test`)).status, 202);

    const { id } = (await test.call("POST", "/api/v1/messages", { type: "mine.a", data: { a: 1 }, subscriberId: own }))
      .body;
    await test.hub.processAll();
    assert.deepEqual((await portal("GET", `/api/v1/messages/${id}`)).body.data, { a: 1 });
    const deliveries = (await portal("GET", "/api/v1/deliveries?type=mine.a")).body.data;
    assert.deepEqual(
      deliveries.map((each: { endpointId: string }) => each.endpointId),
      [made.body.id],
    );
    const attempts = await portal("GET", `/api/v1/deliveries/${deliveries[0].id}/attempts`);
    assert.deepEqual([attempts.status, attempts.body.data.length], [200, 1]);
    assert.equal((await portal("POST", `/api/v1/deliveries/${deliveries[0].id}/retry`)).status, 202);
    assert.equal((await portal("POST", `/api/v1/messages/${id}/resend`)).status, 202);
    assert.equal((await portal("POST", `${path}/recover`, { since: "2020-01-01T00:00:00Z" })).status, 202);
    assert.equal((await portal("GET", "/api/v1/bulk-operations")).body.data.length, 1);
    const polled = await portal("GET", `/api/v1/subscribers/${own}/messages/poll`);
    assert.ok(polled.body.data.some((each: { id: string }) => each.id === id));
    assert.equal((await portal("DELETE", path)).status, 204);
    const [deleted] = (await test.call("GET", "/api/v1/audit?limit=1")).body.data;
    assert.ok(JSON.stringify(deleted).includes(`portal of ${own}`), JSON.stringify(deleted));
    await test.hub.processAll();
  });

  it("sees nothing of other subscribers", async () => {
    const { endpoint, message, delivery, bulk } = foreign;
    const since = "2020-01-01T00:00:00Z";
    for (const [method, path, body] of [
      ["GET", `endpoints/${endpoint}`],
      ["PATCH", `endpoints/${endpoint}`, { description: "x" }],
      ["DELETE", `endpoints/${endpoint}`],
      ["GET", `endpoints/${endpoint}/stats`],
      ["POST", `endpoints/${endpoint}/rotate-secret`],
      ["POST", `endpoints/${endpoint}/rotate-key`],
      ["POST", `endpoints/${endpoint}/enable`],
      ["POST", `endpoints/${endpoint}/disable`],
      ["POST", `endpoints/${endpoint}/test`],
      ["POST", `endpoints/${endpoint}/recover`, { since }],
      ["POST", `endpoints/${endpoint}/replay`, { since }],
      ["POST", `endpoints/${endpoint}/cancel-pending`],
      ["GET", `messages/${message}`],
      ["GET", `messages/${message}/deliveries`],
      ["POST", `messages/${message}/resend`],
      ["GET", `deliveries/${delivery}`],
      ["GET", `deliveries/${delivery}/attempts`],
      ["POST", `deliveries/${delivery}/retry`],
      ["POST", `deliveries/${delivery}/cancel`],
      ["GET", `bulk-operations/${bulk}`],
      ["POST", `bulk-operations/${bulk}/cancel`],
      ["GET", `subscribers/${other}`],
      ["GET", `subscribers/${other}/messages/poll`],
    ] as const)
      assert.equal((await portal(method, `/api/v1/${path}`, body)).status, 404, `${method} ${path}`);
    for (const path of [
      "messages",
      "messages?type=a.b",
      "deliveries",
      "deliveries?state=succeeded",
      "deliveries?status=200",
      `deliveries?endpointId=${endpoint}`,
      `deliveries?messageId=${message}`,
      "deliveries?type=a.b",
    ]) {
      const { data } = (await portal("GET", `/api/v1/${path}`)).body;
      assert.ok(!JSON.stringify(data).includes(message ?? "?"), path);
    }
    assert.deepEqual((await portal("GET", `/api/v1/endpoints?subscriberId=${other}`)).body.data, []);
    const theirs = (await test.call("GET", `/api/v1/endpoints?subscriberId=${other}`)).body.data;
    assert.deepEqual(
      theirs.map(({ id }: { id: string }) => id),
      [endpoint],
    );
    const subscribers = (await portal("GET", "/api/v1/subscribers")).body.data;
    assert.deepEqual(
      subscribers.map(({ id }: { id: string }) => id),
      [own],
    );
    const stolen = await portal("POST", "/api/v1/endpoints", { url: receiver.url, subscriberId: other });
    assert.deepEqual([stolen.status, stolen.body.errors[0].path], [422, "subscriberId"]);
    const resent = await portal("POST", `/api/v1/messages/${message}/resend`, { endpointId: endpoint });
    assert.equal(resent.status, 404);
  });

  it("can make no other call at all", async () => {
    const { paths } = (await test.call("GET", "/openapi.json")).body;
    const ids: Record<string, string> = { subscribers: own, endpoints: foreign["endpoint"] ?? "" };
    let refused = 0;
    for (const [path, methods] of Object.entries<object>(paths))
      for (const method of Object.keys(methods)) {
        if (!path.startsWith("/api/v1/") || path === "/api/v1/oauth/token" || open.has(`${method} ${path}`)) continue;
        const [, , , resource = ""] = path.split("/");
        const filled = path.replace("{id}", ids[resource] ?? "x").replaceAll(/\{\w+\}/g, "x");
        const hasBody = method === "post" || method === "patch" || method === "put";
        const answer = await portal(method.toUpperCase(), filled, hasBody ? {} : undefined);
        // A refusal may come sooner, for a path or body that nothing is made of; never an answer.
        assert.ok([403, 404, 415, 422, 426].includes(answer.status), `${method} ${path}: ${answer.status}`);
        assert.ok(answer.status !== 404 || !JSON.stringify(answer.body).includes('"data"'), path);
        refused += 1;
      }
    assert.ok(refused > 40, `${refused}`);
    for (const [method, path, body] of [
      ["POST", "messages", { type: "a.b", data: {} }],
      ["POST", "subscribers", { name: "x" }],
      ["POST", `subscribers/${own}/portal-token`, {}],
      ["POST", "tokens", {}],
      ["POST", "keys", { name: "x", role: "viewer" }],
      ["POST", "event-types", { name: "x.y" }],
      ["GET", "events", undefined],
      ["GET", "tasks", undefined],
      ["GET", "audit", undefined],
      ["GET", "sources", undefined],
      ["GET", `trace/${foreign["message"]}`, undefined],
    ] as const)
      assert.equal((await portal(method, `/api/v1/${path}`, body)).status, 403, path);
  });

  it("is minted by a key that may, for a while, and is what it says", async () => {
    const path = `/api/v1/subscribers/${own}/portal-token`;
    for (const role of ["operator", "developer", "viewer"])
      assert.equal((await test.as(await test.keyFor(role))("POST", path)).status, 403, role);
    assert.equal((await test.call("POST", path, { expiresInSeconds: 3_601 })).status, 422);
    assert.equal((await (await test.inAnotherProject())("POST", path)).status, 404);
    const owners = (await test.call("POST", "/api/v1/tokens")).body.token;
    assert.equal((await test.as(owners)("POST", path)).status, 403);

    const short = test.as((await test.call("POST", path, { expiresInSeconds: 60 })).body.token);
    assert.equal((await short("GET", "/api/v1/endpoints")).status, 200);
    test.clock.advanceBy(61);
    assert.equal((await short("GET", "/api/v1/endpoints")).status, 401);
    const claims = jwt.decode(token) as Record<string, unknown>;
    assert.deepEqual([claims["role"], claims["sbr"], claims["agents"]], ["subscriber", own, []]);
    for (const forged of [
      { ...claims, sbr: other },
      { ...claims, role: "owner" },
    ])
      assert.equal((await test.as(jwt.sign(forged, "x".repeat(32)))("GET", "/api/v1/endpoints")).status, 401);
  });
});
