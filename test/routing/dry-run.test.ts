import assert from "node:assert/strict";
import { github, openSource, type SenderSource, storedOf } from "../inbound/senders.ts";
import { contentsOf } from "../support/database-contents.ts";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";

const draft = {
  agent: "triager",
  match: { type: ["issues.opened"], body: { action: ["opened"] } },
  when: "event.body.issue.number > 10",
  task: {
    input: "Triage ${event.body.issue.title}",
    parameters: { number: "${event.body.issue.number}" },
    priority: 3,
  },
  keys: { dedupe: "event.body.issue.number", session: "issue-${event.body.issue.number}" },
};

const body = { action: "opened", issue: { number: 42, title: "It $& breaks" } };
const sample = { type: "issues.opened", provider: "github", body };

describe("a dry run", () => {
  let test: TestHub;
  let source: SenderSource;
  before(async () => {
    // Without background work: what changes in the database is the call's doing.
    test = await startTestHub({ role: "web" });
    await test.call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" } });
    source = await openSource(test, github);
  });
  after(() => test[Symbol.asyncDispose]());

  const dryRun = async (request: object, status = 200): Promise<TestAnswer["body"]> => {
    const answer = await test.call("POST", "/api/v1/routes/dry-run", request);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    return answer.body;
  };
  const one = async (route: object, event: unknown): Promise<TestAnswer["body"]> => {
    const { results } = await dryRun({ route: { ...draft, ...route }, event });
    assert.equal(results.length, 1);
    return results[0];
  };
  const send = async (payload: object): Promise<string> =>
    storedOf(await source.send({ body: JSON.stringify(payload) })).eventId;

  it("of a draft on a pasted sample shows the task as it would be", async () => {
    assert.deepEqual(await dryRun({ route: { name: "Triage", ...draft }, event: sample }), {
      matched: true,
      results: [
        {
          routeName: "Triage",
          type: "issues.opened",
          matched: true,
          task: {
            agent: "triager",
            input: "Triage It $& breaks",
            parameters: { number: 42 },
            priority: 3,
            keys: { dedupe: "42", session: "issue-42" },
          },
        },
      ],
      summary: { considered: 1, matched: 1, failed: 0, held: 0, wouldRun: 1 },
    });
  });

  it("says which clause was not met first", async () => {
    const clauseOf = async (route: object, event: unknown): Promise<string> => (await one(route, event)).clause;
    const other = (await openSource(test, github)).id;
    const own = { type: "task.completed", provider: "hookyard", body: { task: { id: "tsk_x" } } };
    assert.equal(
      await clauseOf({ match: {}, when: "true" }, own),
      "provider",
      "the hub's own are for who asks for them",
    );
    assert.equal(await clauseOf({}, { ...sample, type: "issues.closed" }), "match.type");
    assert.equal(await clauseOf({}, { ...sample, body: { ...body, action: "closed" } }), "match.body.action");
    assert.equal(await clauseOf({}, { ...sample, body: { ...body, issue: { number: 1, title: "" } } }), "when");
    assert.equal(await clauseOf({ provider: "gitlab" }, sample), "provider");
    assert.equal(await clauseOf({ sourceId: source.id }, { ...sample, sourceId: other }), "sourceId");
  });

  it("tells an error from a condition that does not hold, and from a task that cannot be rendered", async () => {
    const missing = await one({}, { ...sample, body: { action: "opened" } });
    assert.deepEqual([missing.matched, missing.clause, typeof missing.error], [false, "when", "string"]);
    const huge = { ...body, issue: { number: 42, title: "x".repeat(300_000) } };
    const { results, summary } = await dryRun({ route: draft, event: { ...sample, body: huge } });
    assert.deepEqual([results[0].matched, "task" in results[0]], [true, false]);
    assert.match(results[0].error, /^task\.input: /);
    assert.deepEqual(summary, { considered: 1, matched: 1, failed: 1, held: 0, wouldRun: 0 });
  });

  it("takes a payload by itself, and reads from headers and source what it does not say", async () => {
    assert.equal((await one({}, body)).matched, true, "a payload alone is of the type that the route is for");
    const copied = { headers: { "X-GitHub-Event": "issues", "X-GitHub-Delivery": "d-7" }, body };
    const route = { sourceId: source.id, task: { input: "${event.deliveryId} ${event.source.id} ${event.provider}" } };
    const read = await one(route, copied);
    assert.equal(read.type, "issues.opened");
    assert.equal(read.task.input, `d-7 ${source.id} github`);
    const document = { id: "evt_x", ...sample, source: { id: source.id, name: "n" }, receivedAt: "now", headers: {} };
    assert.equal((await one({ sourceId: source.id }, document)).matched, true);
    const text = await one({ match: {}, when: "event.body == 'hello'", task: { input: "-" }, keys: {} }, "hello");
    assert.deepEqual([text.matched, text.type], [true, "unknown"]);
  });

  it("of a saved route, a disabled one too, on a stored event", async () => {
    const eventId = await send(body);
    const saved = await test.call("POST", "/api/v1/routes", { name: "saved", ...draft, enabled: false });
    const { results } = await dryRun({ routeId: saved.body.id, eventId });
    assert.deepEqual(
      [results[0].routeId, results[0].routeName, results[0].eventId, results[0].matched],
      [saved.body.id, "saved", eventId, true],
    );
    assert.match(results[0].task.sessionId, /^ses_/);
  });

  it("of all enabled routes on one event says what each would do", async () => {
    const call = await test.inAnotherProject();
    await call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" } });
    const route = { agent: "triager", task: { input: "-" } };
    for (const [name, more] of [
      ["all", {}],
      ["none", { match: { type: ["push"] } }],
      ["off", { enabled: false }],
    ] as const)
      assert.equal((await call("POST", "/api/v1/routes", { name, ...route, ...more })).status, 201);
    const { results, summary } = (await call("POST", "/api/v1/routes/dry-run", { event: sample })).body;
    assert.deepEqual(
      results.map((result: TestAnswer["body"]) => [result.routeName, result.matched, result.clause]),
      [
        ["all", true, undefined],
        ["none", false, "match.type"],
      ],
    );
    assert.deepEqual([summary.considered, summary.matched, summary.wouldRun], [2, 1, 1]);
  });

  it("over the last events is a backtest, newest first", async () => {
    const own = await openSource(test, github);
    const sent: string[] = [];
    for (const number of [5, 20, 30, 40]) {
      const payload = JSON.stringify({ action: "opened", issue: { number, title: `No. ${number}` } });
      sent.unshift(storedOf(await own.send({ body: payload })).eventId);
    }
    const filter = { sourceId: own.id, type: "issues.opened" };
    const { results, summary } = await dryRun({ route: draft, last: 200, filter });
    assert.deepEqual(
      results.map((result: TestAnswer["body"]) => result.eventId),
      sent,
    );
    assert.deepEqual(summary, { considered: 4, matched: 3, failed: 0, held: 0, wouldRun: 3 });
    assert.deepEqual((await dryRun({ route: draft, last: 2, filter })).summary.considered, 2);
    assert.deepEqual((await dryRun({ route: draft, last: 2, filter: { ...filter, type: "push" } })).results, []);
  });

  it("shows no more rendered tasks than fit into one answer", async () => {
    const own = await openSource(test, github);
    const title = "x".repeat(250_000);
    for (let number = 11; number < 33; number += 1)
      await own.send({ body: JSON.stringify({ action: "opened", issue: { number, title } }) });
    const { results, summary } = await dryRun({ route: draft, last: 50, filter: { sourceId: own.id } });
    const omitted = results.filter((result: TestAnswer["body"]) => result.taskOmitted === true && !("task" in result));
    assert.ok(omitted.length > 0 && omitted.length < 10, String(omitted.length));
    assert.equal(summary.wouldRun, 22);
  });

  it("stores nothing, and enqueues nothing", async () => {
    const eventId = await send(body);
    const saved = await test.call("POST", "/api/v1/routes", { name: "kept", ...draft });
    const { services } = test.hub;
    // What the requests before left to be written later.
    await test.hub.processAll();
    const before = await contentsOf(services);
    await dryRun({ route: draft, event: sample });
    await dryRun({ routeId: saved.body.id, eventId });
    await dryRun({ routeId: saved.body.id, last: 10 });
    await dryRun({ event: body });
    assert.deepEqual(await contentsOf(services), before);
  });

  it("is for everyone who may read, of the own project alone", async () => {
    const eventId = await send(body);
    const as = async (role: string): Promise<number> => {
      const key = await test.keyFor(role, role === "worker" ? ["triager"] : undefined);
      return (await test.as(key)("POST", "/api/v1/routes/dry-run", { route: draft, eventId })).status;
    };
    assert.deepEqual([await as("viewer"), await as("worker")], [200, 403]);
    const saved = await test.call("POST", "/api/v1/routes", { name: "ours", ...draft });
    const stranger = await test.inAnotherProject();
    for (const request of [{ routeId: saved.body.id, event: sample }, { eventId }])
      assert.equal((await stranger("POST", "/api/v1/routes/dry-run", request)).status, 404);
  });

  it("refuses what cannot be saved, naming the place", async () => {
    const pathsOf = async (request: object): Promise<string[]> =>
      (await dryRun(request, 422)).errors.map((error: { path: string }) => error.path);
    const route = (changes: object): object => ({ route: { ...draft, ...changes }, event: sample });
    assert.deepEqual(await pathsOf(route({ when: "event.body.(" })), ["route.when"]);
    assert.deepEqual(await pathsOf(route({ agent: "nobody" })), ["route.agent"]);
    assert.deepEqual(await pathsOf(route({ match: { body: { a: [{ regex: "(a+)+$" }] } } })), ["route.match.body.a.0"]);
    assert.deepEqual(await pathsOf(route({ surprise: 1 })), ["route.surprise"]);
    assert.deepEqual(await pathsOf({ route: draft }), ["event"]);
    assert.deepEqual(await pathsOf({ route: draft, event: sample, last: 2 }), ["event"]);
    assert.deepEqual(await pathsOf({ last: 2 }), ["last"]);
    assert.deepEqual(await pathsOf({ route: draft, last: 201 }), ["last"]);
    assert.deepEqual(await pathsOf({ route: draft, event: { ...sample, provider: "nobody" } }), ["event.provider"]);
    const foreign = "src_01h455vb4pex5vsknk084sn02q";
    assert.deepEqual(await pathsOf({ route: draft, event: { ...sample, sourceId: foreign } }), ["event.sourceId"]);
  });
});
