import assert from "node:assert/strict";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { searchDeliveries } from "../../src/deliveries/delivery-search-store.ts";
import { type DeliveryRow, selectAttempts } from "../../src/deliveries/store.ts";
import { selectEvents } from "../../src/events/store.ts";
import { selectMessages } from "../../src/messages/store.ts";
import { selectNewestForSubscriber, selectSettledForSubscriber } from "../../src/messages/subscriber-message-store.ts";
import { toWireId } from "../../src/lib/ids.ts";
import type { Executor } from "../../src/platform/database.ts";
import { selectArtifacts } from "../../src/tasks/artifact-store.ts";
import { selectTaskEvents, selectTasks } from "../../src/tasks/store.ts";
import { createTestDatabase, type TestDatabase } from "../support/test-database.ts";

const id = "01890a5d-ac96-774b-bcce-b302099a8057";
const wireId = toWireId("agent", id);
const page = { limit: 50, cursor: id };

describe("A list of a large table", () => {
  let database: TestDatabase;
  let client: pg.Client;
  let db: Executor;
  const plans: string[] = [];

  // Explains each statement before it is run.
  async function explained(text: string, values: unknown[]) {
    const plan = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN (COSTS OFF) ${text}`, values);
    plans.push(plan.rows.map((row) => row["QUERY PLAN"]).join("\n"));
    return await client.query(text, values);
  }

  before(async () => {
    database = await createTestDatabase();
    client = new pg.Client(database.connectionString);
    await client.connect();
    // The tables are empty, for which no plan but reading them whole would be taken.
    await client.query("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off");
    const connection = { query: explained, release: () => {} } as never;
    const pool = { connect: () => Promise.resolve(connection), end: () => Promise.resolve(), options: {} };
    db = {
      kysely: new Kysely({ dialect: new PostgresDialect({ pool }) }),
      query: async ({ text }, values) => (await explained(text, [...values])).rows,
    };
  });
  after(async () => {
    await client.end();
    await database.drop();
  });

  const lists: readonly (readonly [string, string, () => Promise<unknown>])[] = [
    ["events", "events_default_project_id_id_idx", () => selectEvents(db, id, {}, page)],
    ["events of a source", "events_default_source_id_id_idx", () => selectEvents(db, id, { sourceId: id }, page)],
    ["events of a type", "events_default_project_id_type_id_idx", () => selectEvents(db, id, { type: "x" }, page)],
    ["tasks", "tasks_by_project", () => selectTasks(db, id, {}, page)],
    ["tasks in a state", "tasks_by_agent_state", () => selectTasks(db, id, { state: "failed" }, page)],
    ["tasks of an agent", "tasks_by_agent_state", () => selectTasks(db, id, { agent: "x" }, page)],
    ["tasks with a label", "task_labels_newest", () => selectTasks(db, id, { label: "x" }, page)],
    ["tasks of an event", "tasks_by_event", () => selectTasks(db, id, { eventId: id }, page)],
    ["what a worker reported", "task_events_pkey", () => selectTaskEvents(db, id, 50, { attempt: 1, seq: 2 })],
    ["artifacts", "artifacts_by_project", () => selectArtifacts(db, id, {}, page)],
    ["artifacts of a type", "artifacts_by_type", () => selectArtifacts(db, id, { contentType: "text/plain" }, page)],
    ["artifacts of a kind", "artifacts_by_main_type", () => selectArtifacts(db, id, { contentType: "text/*" }, page)],
    ["artifacts of an agent", "artifacts_by_agent", () => selectArtifacts(db, id, { agent: wireId }, page)],
    ["messages", "messages_by_project", () => selectMessages(db, { projectId: id }, {}, page)],
    ["messages of a type", "messages_by_type", () => selectMessages(db, { projectId: id }, { type: "x" }, page)],
    [
      "messages for a subscriber",
      "messages_by_subscriber",
      () => selectNewestForSubscriber(db, { projectId: id, subscriberId: id, limit: 5 }),
    ],
    [
      "messages for a subscriber after a cursor",
      "messages_by_subscriber",
      () => selectSettledForSubscriber(db, { projectId: id, subscriberId: id, cursor: id, limit: 5 }),
    ],
    ["deliveries", "deliveries_by_project", () => searchDeliveries(db, { projectId: id }, {}, page)],
    [
      "deliveries in a state",
      "deliveries_by_project",
      () => searchDeliveries(db, { projectId: id }, { state: "failed" }, page),
    ],
    [
      "deliveries to an endpoint",
      "deliveries_by_endpoint",
      () => searchDeliveries(db, { projectId: id }, { endpointId: id }, page),
    ],
    [
      "deliveries with a status",
      "deliveries_by_status",
      () => searchDeliveries(db, { projectId: id }, { status: 500 }, page),
    ],
    [
      "deliveries with an outcome",
      "deliveries_by_outcome",
      () => searchDeliveries(db, { projectId: id }, { outcome: "dns" }, page),
    ],
    [
      "deliveries of a message",
      "deliveries_by_message",
      () => searchDeliveries(db, { projectId: id }, { messageId: id }, page),
    ],
    [
      "attempts",
      "attempts_default_delivery_id_id_idx",
      () => selectAttempts(db, { id, created_at: new Date(0) } as DeliveryRow, page),
    ],
  ];
  it("of a subscriber's messages begins at its cursor", async () => {
    plans.length = 0;
    const which = { projectId: id, subscriberId: id, cursor: id, limit: 5 };
    await selectSettledForSubscriber(db, which);
    await selectNewestForSubscriber(db, which);
    for (const plan of plans) assert.equal(plan.match(/Index Cond: .*ROW\(xid, id\)/g)?.length, 2, plan);
  });

  for (const [name, index, read] of lists)
    it(`of ${name} reads no more of ${index} than the page`, async () => {
      plans.length = 0;
      await read();
      const [plan = ""] = plans;
      const scan = plan.split("\n").find((line) => line.includes(` using ${index} on `)) ?? "";
      assert.match(scan, /->\s+Index (Only )?Scan (Backward )?using/, plan);
      // The rows come in the order of the index up to the limit: nothing between them needs them all.
      const before = plan.slice(0, plan.indexOf(scan));
      assert.doesNotMatch(before.slice(before.lastIndexOf("Limit")), /Sort|Hash|Materialize/, plan);
    });
});
