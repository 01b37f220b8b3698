import assert from "node:assert/strict";
import { createHubDatabase } from "../support/hub-database.ts";
import { type LogLine, startHubProcess } from "../support/hub-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { clientOf } from "../support/test-hub.ts";
import { type MainJob, sendDelivery, setUpMainJob } from "../support/traffic.ts";

function ofUnit(log: readonly LogLine[], unit: string): LogLine[] {
  return log.filter((line) => line["unit"] === unit);
}

/** One webhook, its task and its message, all the way. */
async function doOne(url: string, job: MainJob): Promise<{ readonly eventId: string; readonly leaseToken: string }> {
  const sent = await sendDelivery(url, job, "the one");
  assert.equal(sent?.status, 200);
  const work = clientOf(url, job.workerKey);
  const lease = await work("POST", "/api/v1/worker/lease", { workerId: "w", agents: ["triager"], waitSeconds: 5 });
  const [{ task, leaseToken }] = lease.body.tasks;
  const result = { text: "a result that nobody else shall read" };
  assert.equal((await work("POST", `/api/v1/worker/tasks/${task.id}/complete`, { leaseToken, result })).status, 200);
  return { eventId: String(sent.eventId), leaseToken };
}

describe("a hub, seen from outside", function () {
  this.timeout(30_000);

  it("writes one wide line for each webhook, call and delivery, and none of what they carry", async () => {
    await using receiver = await startReceiver(() => ({ status: 200, body: "the receiver's answer" }));
    await using database = await createHubDatabase();
    await using hub = await startHubProcess({ environment: { ...database.environment, LOG_LEVEL: "trace" } });
    const job = await setUpMainJob(hub.url, database.adminKey, receiver.url);
    const { eventId, leaseToken } = await doOne(hub.url, job);
    const forged = await fetch(hub.url + job.sourcePath, {
      method: "POST",
      body: "{}",
      headers: { "x-hub-signature-256": "sha256=f0f0" },
    });
    assert.equal(forged.status, 401);
    await hub.logged((line) => line["unit"] === "delivery");
    await hub.logged((line) => line["unit"] === "inbound" && line["status"] === 401);
    await hub.logged((line) => String(line["path"]).endsWith("/complete"));
    const log = hub.log();

    const [accepted, refused, ...noMore] = ofUnit(log, "inbound");
    assert.deepEqual(noMore, []);
    const { durationMs, time, ...inbound } = accepted ?? {};
    assert.ok(typeof durationMs === "number" && durationMs > 0);
    assert.ok(Date.parse(String(time)) > 0);
    assert.deepEqual(inbound, {
      level: "info",
      unit: "inbound",
      sourceId: job.sourcePath.slice("/in/".length),
      provider: "github",
      status: 200,
      outcome: "accepted",
      eventId,
      eventType: "issues.opened",
      tasks: 1,
      msg: "inbound",
    });
    assert.deepEqual([refused?.["outcome"], refused?.["reason"] !== undefined], ["refused", true]);

    const calls = ofUnit(log, "api").filter((line) => String(line["path"]).startsWith("/api/v1/worker/"));
    assert.deepEqual(
      calls.map((line) => [line["method"], line["path"], line["status"]]),
      [
        ["POST", "/api/v1/worker/lease", 200],
        ["POST", "/api/v1/worker/tasks/{id}/complete", 200],
      ],
    );
    for (const call of calls) {
      assert.match(String(call["actor"]), /^key_/);
      assert.match(String(call["requestId"]), /^req_/);
    }

    const deliveries = ofUnit(log, "delivery");
    assert.equal(deliveries.length, 1);
    const [delivery] = deliveries;
    assert.deepEqual([delivery?.["state"], delivery?.["status"], delivery?.["attempt"]], ["succeeded", 200, 1]);
    for (const [field, prefix] of [
      ["deliveryId", "dlv_"],
      ["messageId", "msg_"],
      ["endpointId", "end_"],
      ["projectId", "prj_"],
    ] as const)
      assert.match(String(delivery?.[field]), new RegExp(`^${prefix}`));

    const signature = String(receiver.requests[0]?.headers["webhook-signature"]);
    const secrets = [
      ...Object.values(database.environment),
      job.sourceSecret,
      job.workerKey,
      job.endpointSecret,
      leaseToken,
      signature,
      "The issue of",
      "nobody else shall read",
      "the receiver's answer",
      "f0f0",
    ];
    for (const secret of secrets) assert.ok(!hub.stdout().includes(secret), `the log holds ${secret}`);
    assert.equal(await hub.stop(), 0);
  });

  it("counts what it does, and says that it lives and can serve", async () => {
    await using receiver = await startReceiver();
    await using database = await createHubDatabase();
    await using hub = await startHubProcess({ environment: database.environment });
    const job = await setUpMainJob(hub.url, database.adminKey, receiver.url);
    await doOne(hub.url, job);
    await hub.logged((line) => line["unit"] === "delivery");
    const answers = await Promise.all(
      ["/", "/healthz", "/readyz"].map(async (path) => {
        const answer = await clientOf(hub.url, undefined)("GET", path);
        return [answer.status, answer.body.status];
      }),
    );
    assert.deepEqual(answers, [
      [200, "healthy"],
      [200, "alive"],
      [200, "ready"],
    ]);

    const response = await fetch(`${hub.url}/metrics`);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=/);
    const samples = new Map(
      (await response.text())
        .split("\n")
        .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
    );
    const wanted = {
      'hookyard_inbound_total{provider="github",outcome="accepted"}': 1,
      hookyard_inbound_seconds_count: 1,
      hookyard_accept_batch_events_count: 1,
      'hookyard_tasks_total{state="submitted"}': 1,
      'hookyard_tasks_total{state="working"}': 1,
      'hookyard_tasks_total{state="completed"}': 1,
      'hookyard_delivery_attempts_total{outcome="succeeded"}': 1,
      hookyard_delivery_attempt_seconds_count: 1,
      'hookyard_api_requests_total{method="POST",route="/api/v1/sources",status="201"}': 1,
      hookyard_inbound_waiting: 0,
      hookyard_long_polls: 0,
      hookyard_deliveries_under_way: 0,
      hookyard_database_waiting: 0,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, samples.get(name)])), wanted);
    assert.ok((samples.get("process_resident_memory_bytes") ?? 0) > 1e7);
    for (const path of ["/healthz", "/readyz", "/metrics"])
      assert.ok(!hub.log().some((line) => line["path"] === path), "probes do not fill the log");
    assert.equal(await hub.stop(), 0);
  });
});
