import { createHmac, timingSafeEqual } from "node:crypto";
import express, { type Request, type Response } from "express";
import pg from "pg";
import { PgBoss } from "pg-boss";
import { v7 } from "uuid";

/*
 * The naive program: what a good developer writes first. Express, a raw body, the signature checked, and one transaction a
 * request on a pool of ten, which holds the dedupe key, the event, its task and a pg-boss job.
 */

interface Push {
  readonly ref: string;
  readonly compare: string;
  readonly repository: { readonly full_name: string };
}

const secret = process.env["WEBHOOK_SECRET"] ?? "";
const connectionString = process.env["DATABASE_URL"] ?? "";
const queue = "tasks";
const pool = new pg.Pool({ connectionString, max: 10 });
const boss = new PgBoss({ connectionString, max: 2 });

const schema = `
  CREATE TABLE event_keys (source_id text, delivery_id text, event_id uuid NOT NULL, PRIMARY KEY (source_id, delivery_id));
  CREATE TABLE events (id uuid PRIMARY KEY, source_id text NOT NULL, type text NOT NULL, delivery_id text NOT NULL,
    headers json NOT NULL, body bytea NOT NULL, received_at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX ON events (source_id, received_at);
  CREATE TABLE tasks (id uuid PRIMARY KEY, event_id uuid NOT NULL, agent text NOT NULL, state text NOT NULL,
    input text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX ON tasks (event_id);
  CREATE INDEX ON tasks (agent, created_at);`;

function isSigned(body: Buffer, signature: string): boolean {
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function store(client: pg.PoolClient, request: Request, body: Buffer): Promise<string> {
  const eventId = v7();
  const deliveryId = request.header("x-github-delivery") ?? "";
  const type = request.header("x-github-event") ?? "";
  const sourceId = String(request.params["sourceId"]);
  const key = await client.query(
    "INSERT INTO event_keys (source_id, delivery_id, event_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    [sourceId, deliveryId, eventId],
  );
  if (key.rowCount === 0) return "duplicate";
  await client.query(
    "INSERT INTO events (id, source_id, type, delivery_id, headers, body) VALUES ($1, $2, $3, $4, $5, $6)",
    [eventId, sourceId, type, deliveryId, JSON.stringify(request.headers), body],
  );
  if (type !== "push") return eventId;
  const push = JSON.parse(body.toString()) as Push;
  const taskId = v7();
  const input = `Review ${push.compare} on ${push.ref} of ${push.repository.full_name}`;
  await client.query("INSERT INTO tasks (id, event_id, agent, state, input) VALUES ($1, $2, $3, $4, $5)", [
    taskId,
    eventId,
    "reviewer",
    "submitted",
    input,
  ]);
  const db = { executeSql: (text: string, values?: unknown[]) => client.query(text, values) };
  await boss.send(queue, { taskId }, { db });
  return eventId;
}

async function receive(request: Request, response: Response): Promise<void> {
  const body = request.body as Buffer;
  if (!isSigned(body, request.header("x-hub-signature-256") ?? "")) {
    response.status(401).json({});
    return;
  }
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const eventId = await store(client, request, body);
    await client.query("COMMIT");
    response.json({ eventId });
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

await boss.start();
await boss.createQueue(queue);
await pool.query(schema);
const app = express();
app.get("/readyz", (_request, response) => void response.json({}));
app.post("/in/:sourceId", express.raw({ type: "*/*", limit: "10mb" }), receive);
const server = app.listen(Number(process.env["PORT"]), "127.0.0.1");
process.once("SIGTERM", () => {
  server.close(() => void boss.stop().then(() => pool.end()));
  server.closeAllConnections();
});
