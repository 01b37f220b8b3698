import assert from "node:assert/strict";
import { checkMainJob, untilAllIsDone } from "../support/check-main-job.ts";
import { createHubDatabase } from "../support/hub-database.ts";
import { startHubProcess } from "../support/hub-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { clientOf } from "../support/test-hub.ts";
import { sendDelivery, setUpMainJob, startTraffic } from "../support/traffic.ts";

/** Names the hubs in turn, as a load balancer does. */
function inTurn(urls: readonly string[]): () => string {
  let calls = 0;
  return () => urls[(calls += 1) % urls.length] ?? "";
}

function handled(log: readonly object[], unit: string): number {
  return log.filter((line) => "unit" in line && line.unit === unit).length;
}

describe("two hubs on one database", function () {
  this.timeout(60_000);

  it("share the work, do each piece once, and go on when one of them is stopped in mid-load", async () => {
    await using receiver = await startReceiver();
    await using database = await createHubDatabase();
    const { environment } = database;
    const [first, second] = await Promise.all([startHubProcess({ environment }), startHubProcess({ environment })]);
    await using stopped = first;
    await using lasting = second;
    const job = await setUpMainJob(stopped.url, database.adminKey, receiver.url);
    const traffic = startTraffic(job, inTurn([stopped.url, lasting.url]), { senders: 12, workers: 6 });
    await traffic.acknowledge(150);
    assert.equal(await stopped.stop(), 0);
    await traffic.acknowledge(100);
    await traffic.stopSending();
    await untilAllIsDone(database, 20);
    await traffic.stopWorking();

    assert.deepEqual([...traffic.refusals], [], "a hub that stops refuses connections, not requests");
    await checkMainJob(database, job, traffic, receiver.requests);
    assert.equal(receiver.requests.length, traffic.acknowledged.size, "each message was sent once");
    for (const hub of [stopped, lasting])
      for (const unit of ["inbound", "delivery"]) assert.ok(handled(hub.log(), unit) > 10, `each did some ${unit}`);
    assert.equal(await lasting.stop(), 0);
  });

  it("install the schema once when they start at once on an empty database", async () => {
    await using database = await createHubDatabase({ empty: true });
    const { environment } = database;
    const hubs = await Promise.all([1, 2, 3].map(() => startHubProcess({ environment })));
    await using stack = new AsyncDisposableStack();
    for (const hub of hubs) stack.use(hub);
    const applied = hubs.flatMap((hub) => hub.log().filter((line) => line["unit"] === "migrate"));
    assert.equal(applied.length, 1);
    for (const { url } of hubs) assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.deepEqual(await Promise.all(hubs.map((hub) => hub.stop())), [0, 0, 0]);
  });

  it("may be one that answers and one that works", async () => {
    await using receiver = await startReceiver();
    await using database = await createHubDatabase();
    const { environment } = database;
    await using web = await startHubProcess({ environment }, ["--role", "web"]);
    const job = await setUpMainJob(web.url, database.adminKey, receiver.url);
    const work = clientOf(web.url, job.workerKey);
    const leased = work("POST", "/api/v1/worker/lease", { workerId: "w", agents: ["triager"], waitSeconds: 20 });
    assert.equal((await sendDelivery(web.url, job, "the one"))?.status, 200);
    const [{ task, leaseToken }] = (await leased).body.tasks;
    const completed = await work("POST", `/api/v1/worker/tasks/${task.id}/complete`, { leaseToken, result: {} });
    assert.equal(completed.status, 200);
    await database.until("SELECT count(*) = 1 FROM deliveries WHERE state = 'pending'", 5);
    assert.equal(receiver.requests.length, 0, "who answers does not deliver");

    await using worker = await startHubProcess({ environment }, ["--role", "worker"]);
    assert.equal(worker.url, "", "who works does not listen");
    await receiver.until(1);
    await untilAllIsDone(database, 10);
    assert.deepEqual([handled(web.log(), "delivery"), handled(worker.log(), "delivery")], [0, 1]);
    assert.deepEqual([await web.stop(), await worker.stop()], [0, 0]);
  });
});
