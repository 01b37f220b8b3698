import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import pg from "pg";
import { v7 } from "uuid";

/*
 * The limit of ingest: what is left when everything is left out that is not reading a request, checking its signature and
 * committing its bytes. One multi-row insert into one table holds whatever has come in since the last one.
 */

interface Pending {
  readonly id: string;
  readonly deliveryId: string;
  readonly body: Buffer;
  readonly response: ServerResponse;
}

// Two overlap Postgres and this process.
const concurrentInserts = 2;

const insert = {
  name: "insert_events",
  text: `INSERT INTO events (id, delivery_id, body)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])`,
};

const secret = process.env["WEBHOOK_SECRET"] ?? "";
const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: concurrentInserts });
let waiting: Pending[] = [];
let inserting = 0;

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": text.length }).end(text);
}

async function insertWaiting(): Promise<void> {
  if (inserting >= concurrentInserts || waiting.length === 0) return;
  const batch = waiting;
  waiting = [];
  inserting += 1;
  try {
    await pool.query({
      ...insert,
      values: [batch.map(({ id }) => id), batch.map(({ deliveryId }) => deliveryId), batch.map(({ body }) => body)],
    });
    for (const { response, id } of batch) answer(response, 200, { eventId: id, duplicate: false });
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    for (const { response } of batch) answer(response, 500, {});
  } finally {
    inserting -= 1;
    void insertWaiting();
  }
}

function isSigned(body: Buffer, signature: string | undefined): boolean {
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const given = Buffer.from(signature ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === "GET") return answer(response, 200, {});
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    const { "x-hub-signature-256": signature, "x-github-delivery": deliveryId } = request.headers;
    if (!isSigned(body, String(signature))) return answer(response, 401, {});
    waiting.push({ id: v7(), deliveryId: String(deliveryId), body, response });
    setImmediate(() => void insertWaiting());
  });
}

await pool.query(`CREATE TABLE events (id uuid PRIMARY KEY, delivery_id text NOT NULL, body bytea NOT NULL)`);
const server = createServer(receive).listen(Number(process.env["PORT"]), "127.0.0.1");
process.once("SIGTERM", () => {
  server.close(() => void pool.end());
  server.closeAllConnections();
});
