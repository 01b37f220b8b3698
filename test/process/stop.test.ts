import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { sign } from "@octokit/webhooks-methods";
import type { SettingsOverride } from "../../src/platform/config.ts";
import { createHubDatabase, type HubDatabase } from "../support/hub-database.ts";
import { type HubProcess, startHubProcess } from "../support/hub-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { bearer, beginRequest } from "../support/slow-request.ts";
import { clientOf } from "../support/test-hub.ts";
import { setUpMainJob } from "../support/traffic.ts";

/** Tells the hub to stop and waits until it has begun to. */
async function beginStop(hub: HubProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  hub.send(signal);
  await hub.logged((line) => line["unit"] === "stop" && line["signal"] === signal);
}

async function takesConnections(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  return await once(socket, "connect")
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

/** A hub and its database. */
interface StartedHub extends AsyncDisposable {
  readonly hub: HubProcess;
  readonly database: HubDatabase;
}

async function startHub(settings: SettingsOverride = {}): Promise<StartedHub> {
  const database = await createHubDatabase();
  const hub = await startHubProcess({ environment: database.environment, settings });
  return {
    hub,
    database,
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

describe("a hub that is told to stop", function () {
  this.timeout(30_000);

  it("answers the requests that are under way, ends the waits, takes no connection, and exits with 0", async () => {
    await using receiver = await startReceiver();
    await using test = await startHub();
    const { hub, database } = test;
    const job = await setUpMainJob(hub.url, database.adminKey, receiver.url);
    const body = JSON.stringify({ action: "opened", issue: { title: "The last one" } });
    using inbound = await beginRequest(hub.url + job.sourcePath, body, {
      "content-type": "application/json",
      "x-github-event": "issues",
      "x-github-delivery": "the-last-one",
      "x-hub-signature-256": await sign(job.sourceSecret, body),
    });
    using call = await beginRequest(
      `${hub.url}/api/v1/subscribers`,
      '{"name":"The last one"}',
      bearer(database.adminKey),
    );
    const wait = { workerId: "patient", agents: ["triager"], waitSeconds: 60 };
    const waiting = clientOf(hub.url, job.workerKey)("POST", "/api/v1/worker/lease", wait);
    await longPolls(hub.url, 1);

    await beginStop(hub);
    assert.equal((await waiting).status, 204);
    assert.equal(await takesConnections(hub.url), false);
    const [accepted, created] = await Promise.all([inbound.finish(), call.finish()]);
    assert.deepEqual([accepted.status, accepted.connection], [200, "close"]);
    assert.deepEqual([created.status, created.connection], [201, "close"]);
    assert.equal(await hub.ended, 0);
    assert.equal(hub.stderr(), "");

    const [kept] = await database.rows(
      "SELECT (SELECT count(*) FROM events)::int AS events, (SELECT count(*) FROM tasks)::int AS tasks",
    );
    assert.deepEqual(kept, { events: 1, tasks: 1 });
  });

  it("waits for the answer to a delivery that is under way, and writes it down", async () => {
    const arrived = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<{ status: number }>();
    await using receiver = await startReceiver(() => {
      arrived.resolve();
      return answer.promise;
    });
    await using test = await startHub();
    const { hub, database } = test;
    await publish(hub.url, database.adminKey, receiver.url);
    await arrived.promise;
    await beginStop(hub, "SIGINT");
    answer.resolve({ status: 200 });
    assert.equal(await hub.ended, 0);
    assert.deepEqual(await database.rows("SELECT state, attempts FROM deliveries"), [
      { state: "succeeded", attempts: 1 },
    ]);
  });

  it("breaks off at its deadline what a receiver does not let end, to be sent again without counting against it", async () => {
    const arrived = Promise.withResolvers<void>();
    await using receiver = await startReceiver(() => {
      arrived.resolve();
      return new Promise(() => {});
    });
    await using test = await startHub({ shutdown: { deadlineSeconds: 1 } });
    const { hub, database } = test;
    await publish(hub.url, database.adminKey, receiver.url);
    await arrived.promise;
    using stuck = await beginRequest(
      `${hub.url}/api/v1/subscribers`,
      '{"name":"Never ends"}',
      bearer(database.adminKey),
    );
    await beginStop(hub, "SIGHUP");
    const startedAtMs = performance.now();
    assert.equal(await hub.ended, 0);
    const tookMs = performance.now() - startedAtMs;
    assert.ok(tookMs < 4_000, `took ${tookMs} ms`);
    await assert.rejects(stuck.finish(), "it was cut off");
    const [delivery] = await database.rows(
      "SELECT state, last_outcome, retries_spent, next_attempt_at IS NOT NULL AS due FROM deliveries",
    );
    assert.deepEqual(delivery, { state: "pending", last_outcome: "aborted", retries_spent: 0, due: true });
    const jobs = await database.rows("SELECT id FROM pgboss.job WHERE name = 'deliveries'");
    assert.deepEqual(jobs, [], "it waits in its row, not in the claim of a hub that is gone");
  });

  it("ends at once when it is told again", async () => {
    const arrived = Promise.withResolvers<void>();
    await using receiver = await startReceiver(() => {
      arrived.resolve();
      return new Promise(() => {});
    });
    await using test = await startHub();
    const { hub, database } = test;
    await publish(hub.url, database.adminKey, receiver.url);
    await arrived.promise;
    await beginStop(hub);
    // What comes sooner is npm, which hands on what the terminal has sent already.
    await delay(600);
    assert.equal(await hub.stop("SIGINT"), 1);
  });
});

/** Has the hub send a message to the receiver. */
async function publish(url: string, adminKey: string, receiverUrl: string): Promise<void> {
  const call = clientOf(url, adminKey);
  const endpoint = await call("POST", "/api/v1/endpoints", { url: receiverUrl, eventTypes: ["report.ready"] });
  assert.equal(endpoint.status, 201);
  const message = await call("POST", "/api/v1/messages", { type: "report.ready", data: { n: 1 } });
  assert.equal(message.status, 202);
}

async function longPolls(url: string, count: number): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    if (metrics.includes(`\nhookyard_long_polls ${count}\n`)) return;
    await delay(20);
  }
}
