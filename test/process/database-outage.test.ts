import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { createHubDatabase } from "../support/hub-database.ts";
import { startHubProcess } from "../support/hub-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { clientOf } from "../support/test-hub.ts";
import { checkMainJob, untilAllIsDone } from "../support/check-main-job.ts";
import { sendDelivery, setUpMainJob, startTraffic } from "../support/traffic.ts";

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(50);
}

describe("a hub whose database goes away", function () {
  this.timeout(40_000);

  it("answers 503 and never a 2xx, lives on, and is ready again when the database is", async () => {
    await using receiver = await startReceiver();
    await using database = await createHubDatabase();
    const server = new URL(database.connectionString);
    await using proxy = await startTcpProxy(Number(server.port));
    server.port = String(proxy.port);
    const environment = { ...database.environment, DATABASE_URL: server.href };
    const settings = {
      tasks: { leaseSeconds: 2, retryBaseSeconds: 0.1, maxAttempts: 50 },
      deliveries: { timeoutSeconds: 1, claimSlackSeconds: 1 },
    };
    await using hub = await startHubProcess({ environment, settings });
    const job = await setUpMainJob(hub.url, database.adminKey, receiver.url);
    const status = async (path: string): Promise<number> => (await fetch(hub.url + path)).status;
    const traffic = startTraffic(job, () => hub.url, { senders: 8, workers: 3 });
    await traffic.acknowledge(50);

    await proxy.cut();
    assert.equal(await status("/readyz"), 503);
    assert.equal(await status("/healthz"), 200);
    assert.equal(await status("/metrics"), 200);
    const refused = await sendDelivery(hub.url, job, "while it is away");
    assert.deepEqual([refused?.status, refused?.code], [503, "database_unavailable"]);
    const read = await clientOf(hub.url, database.adminKey)("GET", "/api/v1/sources");
    assert.deepEqual([read.status, read.headers.get("retry-after")], [503, "5"]);

    await proxy.mend();
    await until(async () => (await status("/readyz")) === 200);
    await traffic.acknowledge(50);
    await traffic.stopSending();
    await untilAllIsDone(database, 20);
    await traffic.stopWorking();
    assert.deepEqual(
      [...traffic.refusals.keys()].filter((refusal) => !/503|completing: 409/.test(refusal)),
      [],
    );
    await checkMainJob(database, job, traffic, receiver.requests);
    // Workers that wait hear of new tasks again by the connection that listens.
    await hub.logged((line) => line["unit"] === "signals");
    assert.equal(await hub.stop(), 0);
    assert.equal(hub.stderr(), "");
  });

  it("stops all the same", async () => {
    await using database = await createHubDatabase();
    const server = new URL(database.connectionString);
    await using proxy = await startTcpProxy(Number(server.port));
    server.port = String(proxy.port);
    await using hub = await startHubProcess({ environment: { ...database.environment, DATABASE_URL: server.href } });
    await proxy.cut();
    await hub.logged((line) => line["unit"] === "signals");
    assert.equal(await hub.stop(), 0);
  });
});
