import assert from "node:assert/strict";
import { Webhook } from "svix";
import { toWireId } from "../../src/lib/ids.ts";
import type { HubDatabase } from "./hub-database.ts";
import type { ReceivedRequest } from "./receiver.ts";
import type { MainJob, Traffic } from "./traffic.ts";

const isSettled = `
  SELECT NOT EXISTS (SELECT FROM tasks WHERE state <> 'completed')
     AND NOT EXISTS (SELECT FROM deliveries WHERE state <> 'succeeded') AS settled`;

const whatIsNot = `
  SELECT 'task' AS kind, state, reason AS detail, count(*)::int FROM tasks GROUP BY state, reason
  UNION ALL SELECT 'delivery', state, last_outcome, count(*)::int FROM deliveries GROUP BY state, last_outcome
  UNION ALL SELECT 'job', state::text, name, count(*)::int FROM pgboss.job GROUP BY state, name`;

/** Resolves when every task is completed and every delivery has succeeded. */
export async function untilAllIsDone(database: HubDatabase, seconds: number): Promise<void> {
  await database.until(isSettled, seconds, whatIsNot);
}

/**
 * Checks the promises of the main job when all is done: each acknowledged delivery is an event, each event has one task, each
 * task one message, each message reached the receiver, signed, with the same bytes each time, and no job is left over.
 */
export async function checkMainJob(
  database: HubDatabase,
  job: MainJob,
  traffic: Traffic,
  requests: readonly ReceivedRequest[],
): Promise<void> {
  const events = await database.rows<{ id: string; delivery_id: string }>("SELECT id, delivery_id FROM events");
  assert.deepEqual(
    new Map(events.map((event) => [event.delivery_id, toWireId("event", event.id)])),
    traffic.acknowledged,
    "an event for each acknowledged delivery, and no other",
  );
  assert.equal(events.length, traffic.acknowledged.size, "one event for each delivery");

  const tasks = await database.rows<{ id: string; event_id: string; state: string }>(
    "SELECT id, event_id, state FROM tasks",
  );
  assert.deepEqual(
    tasks.map((task) => task.event_id).toSorted(),
    events.map((event) => event.id).toSorted(),
    "one task each",
  );
  assert.ok(tasks.every((task) => task.state === "completed"));
  for (const [taskId, count] of traffic.completions) assert.equal(count, 1, `${taskId} was completed under two leases`);

  const messages = await database.rows<{ id: string; type: string; task_id: string }>(
    "SELECT id, type, task_id FROM messages WHERE type = 'task.completed'",
  );
  assert.deepEqual(messages.map((message) => message.task_id).toSorted(), tasks.map((task) => task.id).toSorted());

  const webhook = new Webhook(job.endpointSecret);
  const bodies = new Map<string, Set<string>>();
  for (const { headers, body } of requests) {
    webhook.verify(body, headers as Record<string, string>);
    const id = String(headers["webhook-id"]);
    bodies.set(id, (bodies.get(id) ?? new Set()).add(body));
  }
  assert.deepEqual(
    [...bodies.keys()].toSorted(),
    messages.map((message) => toWireId("message", message.id)).toSorted(),
  );
  assert.ok(
    [...bodies.values()].every((each) => each.size === 1),
    "the same bytes at every attempt",
  );
  const delivered = [...bodies.values()].map(([body = ""]) => String(JSON.parse(body).data.task.id));
  assert.deepEqual(delivered.toSorted(), tasks.map((task) => toWireId("task", task.id)).toSorted());

  const left = await database.rows(
    "SELECT name, state FROM pgboss.job WHERE name LIKE 'agent.%' OR name LIKE '%deliveries%' OR name LIKE '%.dead'",
  );
  assert.deepEqual(left, [], "no job is left over");
}
