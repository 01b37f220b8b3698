import assert from "node:assert/strict";
import { createIdGenerator } from "../../src/lib/ids.ts";
import { ensureDailyPartitions } from "../../src/platform/daily-partitions.ts";
import { createLogger } from "../../src/platform/logger.ts";
import { createHubDatabase, type HubDatabase } from "../support/hub-database.ts";
import { TestClock } from "../support/test-clock.ts";

const dayMs = 86_400_000;
const nowMs = Date.parse("2026-03-30T23:59:58.500Z");
const log = createLogger("silent");

async function partitionsOf(database: HubDatabase): Promise<string[]> {
  const rows = await database.rows<{ name: string }>(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent::regclass::text IN ('events', 'attempts') ORDER BY 1",
  );
  return rows.map((row) => row.name);
}

/** Stores an event with an id of that time; answers with the partition that it is in. */
async function storeAt(database: HubDatabase, timeMs: number): Promise<string> {
  const id = createIdGenerator(new TestClock(timeMs))();
  await database.db.query(
    {
      text: `INSERT INTO events (id, project_id, source_id, provider, type, delivery_id, received_at, headers, body)
             VALUES ($1, $1, $1, 'github', 'push', 'a delivery', now(), '{}', '\\x')`,
    },
    [id],
  );
  const [row] = await database.db.query<{ name: string }>(
    { text: "SELECT tableoid::regclass::text AS name FROM events WHERE id = $1" },
    [id],
  );
  return row?.name ?? "";
}

describe("ensureDailyPartitions", () => {
  it("makes today's and three days' more, once, however many hubs start at the same time", async () => {
    await using database = await createHubDatabase();
    await Promise.all([1, 2, 3].map(() => ensureDailyPartitions(database.db, nowMs, log)));
    const days = ["20260330", "20260331", "20260401", "20260402"];
    const expected = ["attempts", "events"].flatMap((table) => [
      ...days.map((day) => `${table}_${day}`),
      `${table}_default`,
    ]);
    assert.deepEqual(await partitionsOf(database), expected);
    await ensureDailyPartitions(database.db, nowMs + dayMs, log);
    assert.deepEqual(
      (await partitionsOf(database)).filter((name) => name.endsWith("20260403")),
      ["attempts_20260403", "events_20260403"],
    );
  });

  it("cuts at midnight UTC, by the time in the id", async () => {
    await using database = await createHubDatabase();
    await ensureDailyPartitions(database.db, nowMs, log);
    const midnightMs = Date.parse("2026-03-31T00:00:00.000Z");
    assert.equal(await storeAt(database, midnightMs - 1), "events_20260330");
    assert.equal(await storeAt(database, midnightMs), "events_20260331");
    assert.equal(
      await storeAt(database, midnightMs + 4 * dayMs),
      "events_default",
      "a day that has none is kept all the same",
    );
  });

  it("leaves a day alone whose rows are in the default partition already, says so, and makes the others", async () => {
    await using database = await createHubDatabase();
    assert.equal(await storeAt(database, nowMs), "events_default");
    const lines: string[] = [];
    await ensureDailyPartitions(database.db, nowMs, createLogger("warn", { write: (line) => void lines.push(line) }));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).reason),
      ["events_20260330"],
    );
    const names = await partitionsOf(database);
    assert.deepEqual(
      [names.includes("events_20260330"), names.includes("events_20260331"), names.includes("attempts_20260330")],
      [false, true, true],
    );
    assert.deepEqual(await database.rows("SELECT count(*)::int FROM events"), [{ count: 1 }]);
    assert.equal(await storeAt(database, nowMs + 1), "events_default");
  });
});
