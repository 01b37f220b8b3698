import assert from "node:assert/strict";
import { createHubDatabase } from "../support/hub-database.ts";
import { startHubProcess } from "../support/hub-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { clientOf } from "../support/test-hub.ts";
import { sendDelivery, setUpMainJob } from "../support/traffic.ts";

const events = 300;

describe("a replay whose process is killed", function () {
  this.timeout(60_000);

  it("is taken on by another, and replays each event once", async () => {
    await using receiver = await startReceiver();
    await using database = await createHubDatabase();
    const { environment } = database;
    const settings = { inbound: { rateLimitPerSecond: 10_000 } };
    const [first, second] = await Promise.all([
      startHubProcess({ environment, settings }),
      startHubProcess({ environment, settings }),
    ]);
    await using killed = first;
    await using lasting = second;
    const job = await setUpMainJob(lasting.url, database.adminKey, receiver.url);
    const send = (index: number) => sendDelivery(lasting.url, job, `delivery ${index}`);
    const answers = await Promise.all(Array.from({ length: events }, (_, index) => send(index)));
    assert.ok(answers.every((answer) => answer?.status === 200));

    const call = clientOf(lasting.url, database.adminKey);
    const replay = { filter: { type: "issues.opened" }, ratePerSecond: 60 };
    const started = await call("POST", "/api/v1/events/replay", replay);
    assert.deepEqual([started.status, started.body.total], [202, events]);
    await database.until("SELECT done BETWEEN 1 AND 299 FROM replays", 20);
    await killed.kill();
    await database.until("SELECT state = 'completed' FROM replays", 30, "SELECT * FROM replays");
    const ended = await call("GET", `/api/v1/replays/${started.body.id}`);
    assert.deepEqual([ended.body.done, ended.body.tasks, ended.body.failed], [events, events, 0]);

    const counts = "SELECT count(*)::int AS tasks FROM tasks GROUP BY event_id";
    assert.deepEqual(
      await database.rows(`SELECT tasks, count(*)::int AS events FROM (${counts}) AS counted GROUP BY tasks`),
      [{ tasks: 2, events }],
    );
    assert.equal(await lasting.stop(), 0);
  });
});
