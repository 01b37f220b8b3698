import assert from "node:assert/strict";
import { fromWireId, toWireId } from "../../src/lib/ids.ts";
import type { Hub } from "../../src/hub.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { headerOf, type RawAnswer, request } from "./raw-http.ts";
import { github, newDeliveryId, openSource, senders, stripe, svix, storedOf } from "./senders.ts";

/** All of an answer that could tell one refusal from another. */
function told({ status, headerLines, body }: RawAnswer): object {
  return { status, headerLines: headerLines.filter((line) => !/^(date|ratelimit|x-ratelimit)/i.test(line)), body };
}

describe("bad input, rows 20-22: sources and their secrets", () => {
  let test: TestHub;
  let another: Hub;
  before(async () => {
    test = await startTestHub();
    another = await test.startAnother("web");
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  const onAnother = (url: string): string => url.replace(test.url, another.url);

  for (const sender of senders)
    it(`20: the signature of one ${sender.provider} source is worth nothing on another's URL`, async () => {
      const mine = await openSource(test, sender);
      const other = await openSource(test, sender, { secrets: [sender.otherSecret] });
      const { headers, body } = mine.sign();
      assert.equal((await request("POST", other.url, headers, body)).status, 401);
      storedOf(await request("POST", mine.url, headers, body));
    });

  it("21: unknown, disabled, deleted and impossible sources get identical 404s", async () => {
    const disabled = await openSource(test, github, { enabled: false });
    const deleted = await openSource(test, github);
    storedOf(await deleted.send());
    assert.equal((await test.call("DELETE", `/api/v1/sources/${deleted.id}`)).status, 204);
    const { headers, body } = disabled.sign();
    const paths = [
      disabled.url,
      deleted.url,
      `${test.url}/in/${toWireId("source", test.hub.services.newId())}`,
      `${test.url}/in/${toWireId("agent", test.hub.services.newId())}`,
      `${test.url}/in/src_`,
      `${test.url}/in/nothing`,
      `${test.url}/in/${"a".repeat(5_000)}`,
      `${test.url}/in/%00`,
      `${test.url}/in/..%2f..%2fetc`,
    ];
    const expected = told(await request("POST", disabled.url, headers, body));
    assert.match(JSON.stringify(expected), /"status":404/);
    for (const path of paths) {
      assert.deepEqual(told(await request("POST", path, headers, body)), expected, path);
      for (const method of ["GET", "PUT", "DELETE"])
        assert.deepEqual(told(await request(method, path)), expected, `${method} ${path}`);
      assert.deepEqual(told(await request("POST", path)), expected, path);
      assert.deepEqual(told(await request("POST", path, [["Content-Encoding", "br"]], body)), expected, path);
    }
    const own = JSON.parse((expected as RawAnswer).body);
    assert.equal(own.code, "not_found");
  });

  for (const sender of [github, stripe, svix])
    it(`22: a retired secret of ${sender.provider} is a 401 at once, its successor a 200`, async () => {
      const source = await openSource(test, sender);
      storedOf(await source.send());
      const rotation = { secret: sender.otherSecret, expiresPreviousInSeconds: 0 };
      assert.equal((await test.call("POST", `/api/v1/sources/${source.id}/secrets`, rotation)).status, 201);
      assert.equal((await source.send()).status, 401);
      storedOf(await source.send({ secret: sender.otherSecret }));
    });

  it("22: a secret verifies within its overlap, and not after it", async () => {
    const source = await openSource(test, github);
    storedOf(await source.send());
    const rotation = { secret: github.otherSecret, expiresPreviousInSeconds: 3600 };
    assert.equal((await test.call("POST", `/api/v1/sources/${source.id}/secrets`, rotation)).status, 201);
    for (const secret of [github.secret, github.otherSecret]) storedOf(await source.send({ secret }));
    test.clock.advanceBy(3590);
    for (const secret of [github.secret, github.otherSecret]) storedOf(await source.send({ secret }));
    test.clock.advanceBy(20);
    assert.equal((await source.send()).status, 401);
    storedOf(await source.send({ secret: github.otherSecret }));
  });

  it("a secret expires on the second, though the source was read before", async () => {
    const source = await openSource(test, github);
    const rotation = { secret: github.otherSecret, expiresPreviousInSeconds: 5 };
    await test.call("POST", `/api/v1/sources/${source.id}/secrets`, rotation);
    storedOf(await source.send());
    test.clock.advanceBy(6);
    assert.equal((await source.send()).status, 401);
  });

  it("a source whose secret cannot be opened is a 503 that does not say so, and no other source is touched", async () => {
    const [broken, whole] = [await openSource(test, github), await openSource(test, github)];
    const { db } = test.hub.services;
    const text = "UPDATE source_secrets SET sealed = '\\x00' WHERE source_id = $1";
    await db.query({ text }, [fromWireId("source", broken.id)]);
    const answers = await Promise.all([broken.send(), whole.send(), broken.send(), whole.send()]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 200, 503, 200],
    );
    for (const answer of answers.filter(({ status }) => status === 503)) {
      assert.match(headerOf(answer, "Retry-After") ?? "", /^\d+$/);
      assert.doesNotMatch(answer.body, /secret|key/i);
    }
  });

  it("a source that is switched off, or gets another secret, on one hub is so on the other shortly after", async () => {
    const source = await openSource(test, github);
    const url = onAnother(source.url);
    storedOf(await source.send({ url }));
    await test.call("PATCH", `/api/v1/sources/${source.id}`, { enabled: false });
    assert.equal((await source.send()).status, 404);
    await eventually(async () => assert.equal((await source.send({ url })).status, 404));
    await test.call("PATCH", `/api/v1/sources/${source.id}`, { enabled: true });
    storedOf(await source.send());
    await eventually(async () => assert.equal((await source.send({ url })).status, 200));
    const rotation = { secret: github.otherSecret, expiresPreviousInSeconds: 0 };
    await test.call("POST", `/api/v1/sources/${source.id}/secrets`, rotation);
    await eventually(async () => assert.equal((await source.send({ url })).status, 401));
    storedOf(await source.send({ url, secret: github.otherSecret }));
  });

  it("a route that is made, changed or deleted on one hub decides on the other shortly after", async () => {
    const source = await openSource(test, github);
    const url = onAnother(source.url);
    const tasksOf = async (): Promise<string[]> => {
      const { eventId } = storedOf(await source.send({ url, id: newDeliveryId() }));
      const { body } = await test.call("GET", `/api/v1/tasks?sourceEventId=${eventId}`);
      return body.data.map((task: { agent: string }) => task.agent);
    };
    // The other hub has read that there is no route.
    assert.deepEqual(await tasksOf(), []);
    for (const name of ["first", "second"])
      await test.call("POST", "/api/v1/agents", { name, runner: { type: "pull" } });
    const route = { name: "r", sourceId: source.id, agent: "first", task: { input: "Do it" } };
    const made = await test.call("POST", "/api/v1/routes", route);
    assert.equal(made.status, 201);
    await eventually(async () => assert.deepEqual(await tasksOf(), ["first"]));
    await test.call("PATCH", `/api/v1/routes/${made.body.id}`, { agent: "second" });
    await eventually(async () => assert.deepEqual(await tasksOf(), ["second"]));
    await test.call("PATCH", `/api/v1/routes/${made.body.id}`, { enabled: false });
    await eventually(async () => assert.deepEqual(await tasksOf(), []));
    await test.call("PATCH", `/api/v1/routes/${made.body.id}`, { enabled: true });
    await eventually(async () => assert.deepEqual(await tasksOf(), ["second"]));
    await test.call("DELETE", `/api/v1/routes/${made.body.id}`);
    await eventually(async () => assert.deepEqual(await tasksOf(), []));
  });

  it("a project's routes see no event of another project", async () => {
    const call = await test.inAnotherProject();
    await call("POST", "/api/v1/agents", { name: "stranger", runner: { type: "pull" } });
    await call("POST", "/api/v1/routes", { name: "all", provider: "github", agent: "stranger", task: { input: "x" } });
    const source = await openSource(test, github);
    const { eventId } = storedOf(await source.send());
    assert.deepEqual((await call("GET", "/api/v1/tasks")).body.data, []);
    assert.equal((await call("GET", `/api/v1/events/${eventId}`)).status, 404);
  });
});
