import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { checkMainJob, untilAllIsDone } from "../support/check-main-job.ts";
import { createHubDatabase } from "../support/hub-database.ts";
import { startHubProcess } from "../support/hub-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { setUpMainJob, startTraffic } from "../support/traffic.ts";

// What a dead hub had in hand comes back within seconds, not within minutes.
const settings = {
  tasks: { leaseSeconds: 2, retryBaseSeconds: 0.1, maxAttempts: 50 },
  deliveries: { timeoutSeconds: 1, claimSlackSeconds: 1 },
};

describe("a hub that is killed with SIGKILL in mid-load", () => {
  it("has lost nothing that it acknowledged, and has done nothing twice, when it runs again", async function () {
    this.timeout(60_000);
    await using receiver = await startReceiver();
    await using database = await createHubDatabase();
    await using first = await startHubProcess({ environment: database.environment, settings });
    const environment = { ...database.environment, PORT: new URL(first.url).port };
    const job = await setUpMainJob(first.url, database.adminKey, receiver.url);
    const traffic = startTraffic(job, () => first.url, { senders: 12, workers: 4 });
    let hub = first;
    for (let kills = 0; kills < 3; kills += 1) {
      await traffic.acknowledge(randomInt(40, 160));
      await hub.kill();
      hub = await startHubProcess({ environment, settings });
    }
    await using last = hub;
    await traffic.acknowledge(40);
    await traffic.stopSending();
    await untilAllIsDone(database, 30);
    await traffic.stopWorking();
    await checkMainJob(database, job, traffic, receiver.requests);
    assert.equal(await last.stop(), 0);
  });
});
