import assert from "node:assert/strict";
import { fromWireId } from "../../src/lib/ids.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startWorkingHub, taskUuid, type WorkingHub } from "../support/working-hub.ts";

const error = { code: "broken", message: "It broke" };

describe("What is said of a task", () => {
  let hub: WorkingHub;
  let receiver: Receiver;
  let endpointId: string | undefined;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    if (endpointId !== undefined) await hub.test.call("DELETE", `/api/v1/endpoints/${endpointId}`);
    endpointId = undefined;
    await receiver[Symbol.asyncDispose]();
  });
  before(async () => {
    hub = await startWorkingHub({ tasks: { leaseSeconds: 60, maxAttempts: 2 } });
  });
  after(() => hub[Symbol.asyncDispose]());

  const listen = async (eventTypes?: readonly string[]): Promise<void> => {
    const body = { url: receiver.url, ...(eventTypes === undefined ? {} : { eventTypes }) };
    endpointId = (await hub.test.call("POST", "/api/v1/endpoints", body)).body.id;
  };

  it("is its end alone when nobody asks for more, and that is kept though nobody asks at all", async () => {
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await hub.say(await hub.leaseOne(agent), "complete", { result: 1 });
    assert.deepEqual(await hub.said(id), ["task.completed"]);
    const canceled = await hub.task(agent);
    await hub.test.call("POST", `/api/v1/tasks/${canceled}/cancel`);
    assert.deepEqual(await hub.said(canceled), ["task.canceled"]);
  });

  it("is also each state on the way that an endpoint asks for", async () => {
    await listen(["task.working"]);
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await hub.say(await hub.leaseOne(agent), "complete", { result: 1 });
    assert.deepEqual(await hub.said(id), ["task.working", "task.completed"]);
    const [request] = await receiver.until(1);
    await hub.test.hub.processAll();
    assert.deepEqual([receiver.requests.length, JSON.parse(request?.body ?? "").type], [1, "task.working"]);
  });

  it("is all of it for an endpoint that names no types, another attempt included", async () => {
    await listen();
    const agent = await hub.agent();
    const id = await hub.task(agent);
    await hub.say(await hub.leaseOne(agent), "fail", { error, retryable: true, retryAfterSeconds: 0 });
    await hub.say(await hub.leaseOne(agent), "release");
    await hub.say(await hub.leaseOne(agent), "fail", { error, retryable: false });
    await hub.test.call("POST", `/api/v1/tasks/${id}/retry`);
    const round = ["task.submitted", "task.working"];
    assert.deepEqual(await hub.said(id), [...round, ...round, ...round, "task.failed", "task.submitted"]);
    await receiver.until(8);
  });

  it("has the form that the contract gives it", async () => {
    await listen(["task.completed", "task.submitted"]);
    const agent = await hub.agent();
    const id = await hub.task(agent);
    const { newId, db } = hub.test.hub.services;
    const event = { id: newId(), type: "push", sourceId: newId(), deliveryId: "d-1" };
    await db.query({ text: "UPDATE tasks SET event = $2 WHERE id = $1" }, [taskUuid(id), JSON.stringify(event)]);
    const leased = await hub.leaseOne(agent);
    const put = (name: string, content: string, type: string) =>
      hub.test.call("PUT", `/api/v1/worker/tasks/${id}/artifacts/${name}`, Buffer.from(content), {
        "lease-token": leased.leaseToken,
        "content-type": type,
      });
    const artifact = (await put("report.md", "# Hi", "text/markdown")).body;
    await hub.say(leased, "complete", { result: { ok: true }, usage: { tokens: 7 } });

    const requests = await receiver.until(2);
    const [submitted, completed] = ["task.submitted", "task.completed"].map((type) =>
      requests.map(({ body }) => JSON.parse(body)).find((message) => message.type === type),
    );
    const { data, timestamp } = completed;
    assert.ok(Math.abs(Date.parse(timestamp) - hub.test.clock.now()) < 10_000);
    assert.equal(fromWireId("event", data.event.id), event.id);
    assert.equal(fromWireId("source", data.event.sourceId), event.sourceId);
    assert.deepEqual(data, {
      task: {
        id,
        agent,
        state: "completed",
        result: { ok: true },
        artifacts: [artifact],
        usage: { tokens: 7 },
        attempts: 1,
      },
      event: { id: data.event.id, type: "push", sourceId: data.event.sourceId, deliveryId: "d-1" },
    });
    assert.deepEqual(submitted.data, {
      task: { id, agent, state: "submitted", artifacts: [], usage: {}, attempts: 0 },
    });
    // Compact, as every attempt sends and signs it.
    const raw = requests.find(({ body }) => body.includes("task.completed"))?.body ?? "";
    assert.equal(raw, JSON.stringify(JSON.parse(raw)));
  });

  it("tells why a task failed", async () => {
    await listen(["task.failed"]);
    const agent = await hub.agent();
    await hub.task(agent);
    await hub.say(await hub.leaseOne(agent), "fail", { error, retryable: false });
    const [request] = await receiver.until(1);
    const { task } = JSON.parse(request?.body ?? "").data;
    assert.deepEqual([task.state, task.reason, task.error], ["failed", "agent_error", error]);
  });

  it("counts in the metrics once it has committed", async () => {
    const metric = hub.test.hub.services.metrics.tasks;
    const completed = async (): Promise<number> =>
      (await metric.get()).values.find(({ labels }) => labels.state === "completed")?.value ?? 0;
    const before = await completed();
    const agent = await hub.agent();
    await hub.task(agent);
    const leased = await hub.leaseOne(agent);
    await hub.say(leased, "complete", { result: 1 });
    await hub.say(leased, "complete", { result: 1 });
    assert.equal((await completed()) - before, 1);
  });
});
