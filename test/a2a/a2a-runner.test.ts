import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { type RunnerHub, startRunnerHub } from "../runners/runner-hub.ts";
import { startPeer } from "./a2a-peer.ts";

describe("The a2a runner", () => {
  let runner: RunnerHub;
  before(async () => {
    runner = await startRunnerHub(
      {},
      {},
      { tasks: { maxAttempts: 2, retryBaseSeconds: 0.05 }, deliveries: { promoteIntervalSeconds: 0.1 } },
    );
  });
  after(() => runner[Symbol.asyncDispose]());

  for (const [version, binding] of [
    ["1.0", "JSONRPC"],
    ["1.0", "HTTP+JSON"],
    ["0.3", "JSONRPC"],
  ] as const)
    it(`has a peer of ${version} do a task over ${binding}, and takes its artifact for the result`, async () => {
      await using peer = await startPeer({ version, binding });
      const agent = await runner.agent(
        { type: "a2a", url: peer.url, secret: "a-token", skill: "printing" },
        { instructions: "Be brief." },
      );
      const task = await runner.run(agent, { input: "please", parameters: { copies: 2 } });
      assert.deepEqual([task.state, task.result, task.usage], ["completed", "done", { inputTokens: 7 }]);
      const [said] = peer.messages;
      assert.equal(said?.userMessage.messageId, `${task.id}.1`);
      assert.deepEqual(said?.userMessage.metadata, { skillId: "printing" });
      const [text, data] = said?.userMessage.parts ?? [];
      assert.equal(text?.content?.value, "Be brief.\n\nplease");
      assert.equal(data?.content?.value.task.parameters.copies, 2);
      for (const { authorization } of peer.requests) assert.equal(authorization, "Bearer a-token");
    });

  it("stores the files of a peer as artifacts", async () => {
    await using peer = await startPeer();
    const task = await runner.run(await runner.agent({ type: "a2a", url: peer.url }), { input: "draw" });
    assert.deepEqual(task.result, ["done", { artifact: "plan.bin", mediaType: "application/octet-stream" }]);
    const [{ name, contentType, size }] = task.artifacts;
    assert.deepEqual([name, contentType, size], ["plan.bin", "application/octet-stream", 3]);
  });

  it("reads a peer's card once for many tasks", async () => {
    await using peer = await startPeer();
    const agent = await runner.agent({ type: "a2a", url: peer.url });
    for (let count = 0; count < 3; count += 1) assert.equal((await runner.run(agent)).state, "completed");
    assert.equal(peer.requests.filter(({ path }) => path.includes("well-known")).length, 1);
  });

  for (const [word, code, said] of [
    ["fail", "peer_failed", "out of paper"],
    ["reject", "peer_rejected", "not mine"],
  ] as const)
    it(`fails a task that its peer says to ${word}`, async () => {
      await using peer = await startPeer();
      const task = await runner.run(await runner.agent({ type: "a2a", url: peer.url }), { input: word });
      assert.deepEqual([task.state, task.error.code, task.error.message], ["failed", code, said]);
    });

  it("begins another task at the peer when a failed one is done again", async () => {
    await using peer = await startPeer();
    const agent = await runner.agent({ type: "a2a", url: peer.url });
    const task = await runner.run(agent, { input: "fail" });
    await runner.hub.test.call("POST", `/api/v1/tasks/${task.id}/retry`);
    await runner.until(task.id, (now) => now.settledAt !== undefined && now.attemptCount === 2);
    assert.deepEqual(
      peer.messages.map(({ userMessage }) => userMessage.messageId),
      [`${task.id}.1`, `${task.id}.2`],
    );
    assert.equal(new Set(peer.messages.map(({ taskId }) => taskId)).size, 2);
  });

  for (const [word, prompt] of [
    ["ask", /^Which one\?$/],
    ["auth", /^The peer asks for authorization; .*Log in at example\.com$/],
  ] as const)
    it(`surfaces what a peer needs when told to ${word}, and tells it the answer in the same task`, async () => {
      await using peer = await startPeer();
      const agent = await runner.agent({ type: "a2a", url: peer.url });
      const asked = await runner.run(agent, { input: word }, (task) => task.state === "input_required");
      assert.match(asked.request.prompt, prompt);
      if (word === "auth") return;
      const { call } = runner.hub.test;
      assert.equal((await call("POST", `/api/v1/tasks/${asked.id}/input`, { data: "the blue one" })).status, 202);
      const task = await runner.until(asked.id, (now) => now.settledAt !== undefined);
      assert.deepEqual([task.state, task.result], ["completed", "done with the blue one"]);
      const [first, second] = peer.messages;
      assert.equal(second?.taskId, first?.taskId);
      assert.equal(second?.userMessage.messageId, `${task.id}.1.1`);
    });

  it("polls a slow peer that cannot call", async () => {
    await using peer = await startPeer();
    const agent = await runner.agent({ type: "a2a", url: peer.url });
    const working = await runner.run(agent, { input: "slow" }, (task) => task.progress !== undefined);
    assert.deepEqual([working.state, working.progress], ["working", "half way"]);
    peer.release();
    assert.deepEqual((await runner.until(working.id, (now) => now.settledAt !== undefined)).result, "done");
  });

  it("asks a peer at once when it calls, and refuses calls with another token", async () => {
    await using peer = await startPeer({ pushNotifications: true });
    const agent = await runner.agent({ type: "a2a", url: peer.url });
    const working = await runner.run(agent, { input: "slow" }, (task) => task.progress !== undefined);
    const push = peer.messages[0]?.request.configuration?.taskPushNotificationConfig;
    const path = new URL(push?.url ?? "").pathname;
    const anonymous = runner.hub.test.as(undefined);
    const other = (character: string): string => (character === "A" ? "B" : "A");
    const guessed = path.slice(0, -2) + other(path.at(-2) ?? "") + path.slice(-1);
    for (const wrong of [guessed, path.replace(/tsk_\w+\./, `${await runner.hub.task(agent)}.`), "/a2a/callbacks/x"])
      assert.equal((await anonymous("POST", wrong, {})).status, 404);
    assert.equal((await anonymous("POST", path, {}, { "x-a2a-notification-token": "other" })).status, 404);
    assert.equal((await anonymous("POST", path, { task: "not believed" })).status, 202);
    const releasedMs = performance.now();
    peer.release();
    const task = await runner.until(working.id, (now) => now.settledAt !== undefined);
    assert.equal(task.result, "done");
    assert.ok(performance.now() - releasedMs < 4_000, "polling alone would take five seconds");
    await eventually(async () => assert.equal((await anonymous("POST", path, {})).status, 404));
  });

  it("goes on with the peer's task after the hub that began it has stopped", async () => {
    await using peer = await startPeer();
    const agent = await runner.agent({ type: "a2a", url: peer.url });
    const working = await runner.run(agent, { input: "slow" }, (task) => task.progress !== undefined);
    const { db } = runner.hub.test.hub.services;
    // As a process that died leaves it: nobody renews the lease.
    await db.query(
      {
        text: "UPDATE tasks SET lease_hash = '\\x00', lease_expires_at = now() - interval '1 day' WHERE id = (SELECT task_id FROM a2a_calls WHERE agent_id = (SELECT id FROM agents WHERE name = $1))",
      },
      [agent],
    );
    const again = await runner.until(working.id, (now) => now.attemptCount === 2 && now.state === "working");
    assert.equal(again.state, "working");
    peer.release();
    const task = await runner.until(working.id, (now) => now.settledAt !== undefined);
    assert.deepEqual([task.result, peer.messages.length], ["done", 1]);
  });

  it("cancels at the peer what is canceled here, under way or waiting for an answer", async () => {
    await using peer = await startPeer();
    const agent = await runner.agent({ type: "a2a", url: peer.url });
    const { call } = runner.hub.test;
    const working = await runner.run(agent, { input: "hang" }, (task) => task.progress !== undefined);
    const asked = await runner.run(agent, { input: "ask" }, (task) => task.state === "input_required");
    for (const { id } of [working, asked]) assert.equal((await call("POST", `/api/v1/tasks/${id}/cancel`)).status, 200);
    await eventually(async () => {
      await runner.hub.test.hub.processAll();
      assert.deepEqual([...peer.canceled].toSorted(), peer.messages.map(({ taskId }) => taskId).toSorted());
    }, 10_000);
  });

  for (const [what, card] of [
    ["no interface", { name: "x" }],
    [
      "an interface that is not spoken here",
      { name: "x", supportedInterfaces: [{ url: "http://x", protocolBinding: "GRPC", protocolVersion: "1.0" }] },
    ],
    ["a list", [1]],
    ["nonsense", "x"],
  ] as const)
    it(`fails a task whose peer's card is or names ${what}`, async () => {
      await using peer = await startPeer({ card });
      const task = await runner.run(await runner.agent({ type: "a2a", url: peer.url }));
      assert.deepEqual([task.state, task.error.code], ["failed", "bad_agent_card"]);
    });

  it("calls no private address, neither for a card nor because one names it, and keeps its token to itself", async () => {
    const create = (url: string) =>
      runner.hub.test.call("POST", "/api/v1/agents", { name: `at ${url}`, runner: { type: "a2a", url } });
    for (const url of [
      "http://10.0.0.1/",
      "http://169.254.169.254/card.json",
      "http://[fd00::1]/",
      "ftp://example.com/",
    ])
      assert.equal((await create(url)).status, 422, url);
    const supportedInterfaces = [
      { url: "http://169.254.169.254/rpc", protocolBinding: "JSONRPC", protocolVersion: "1.0" },
    ];
    await using lured = await startPeer({ card: { name: "x", supportedInterfaces } });
    const blocked = await runner.run(await runner.agent({ type: "a2a", url: lured.url }));
    assert.deepEqual([blocked.state, blocked.error.code, blocked.attemptCount], ["failed", "blocked", 1]);
    await using other = await startPeer();
    const elsewhere = [{ url: `${other.url}/rpc`, protocolBinding: "JSONRPC", protocolVersion: "1.0" }];
    await using named = await startPeer({ card: { name: "x", supportedInterfaces: elsewhere } });
    const agent = await runner.agent({ type: "a2a", url: named.url, secret: "a-token" });
    assert.equal((await runner.run(agent)).state, "completed");
    assert.ok(other.requests.length > 0);
    for (const { authorization } of other.requests) assert.equal(authorization, undefined);
    await using next = await startPeer();
    const { status } = await runner.hub.test.call("PATCH", `/api/v1/agents/${agent}`, {
      runner: { type: "a2a", url: next.url },
    });
    assert.equal(status, 200);
    assert.equal((await runner.run(agent)).state, "completed");
    for (const { authorization } of next.requests) assert.equal(authorization, undefined);
  });

  it("has another agent of the hub do a task, over the hub's own A2A server", async () => {
    const { url, call } = runner.hub.test;
    const worker = await runner.hub.agent();
    const agent = await runner.agent({
      type: "a2a",
      url,
      secret: await runner.hub.test.keyFor("admin"),
      skill: worker,
    });
    const running = runner.run(agent, { input: "Pass it on" });
    const leased = await runner.hub.leaseOne(worker, { waitSeconds: 10 });
    assert.equal(leased.task.input, "Pass it on");
    await runner.hub.say(leased, "complete", { result: { passed: "on" }, usage: { inputTokens: 3 } });
    const task = await running;
    assert.deepEqual([task.state, task.result, task.usage], ["completed", { passed: "on" }, { inputTokens: 3 }]);
    const { body } = await call("GET", `/api/v1/tasks/${leased.task.id}`);
    assert.deepEqual(body.origin.chain, [task.id]);
  });

  it("tries again when a peer is not there", async () => {
    const agent = await runner.agent({ type: "a2a", url: "http://127.0.0.1:1/" });
    const task = await runner.run(agent);
    assert.deepEqual([task.state, task.error.code, task.attemptCount], ["failed", "refused", 2]);
  });
});
