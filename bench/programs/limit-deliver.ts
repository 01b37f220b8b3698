import { randomUUID } from "node:crypto";
import { Webhook } from "svix";
import { Pool } from "undici";

/*
 * The limit of delivery: what is left when everything is left out that is not signing a message and sending it on a
 * connection that is open. It knows no database, keeps nothing and looks only at the status.
 */

const target = new URL(process.env["TARGET_URL"] ?? "");
const count = Number(process.env["COUNT"]);
const concurrency = Number(process.env["CONCURRENCY"]);
const body = Buffer.from(process.env["MESSAGE"] ?? "");
const webhook = new Webhook(process.env["ENDPOINT_SECRET"] ?? "");
const pool = new Pool(target.origin, { connections: concurrency, pipelining: 1 });

function post(): Promise<void> {
  const id = `msg_${randomUUID()}`;
  const now = new Date();
  const headers = {
    "content-type": "application/json",
    "user-agent": "bench",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": webhook.sign(id, now, body),
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  pool.dispatch(
    { method: "POST", path: target.pathname, headers, body },
    {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        if (status > 299) reject(new Error(`the receiver answered ${status}`));
      },
      onResponseData() {},
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return promise;
}

let started = 0;
async function loop(): Promise<void> {
  while (started < count) {
    started += 1;
    await post();
  }
}

await Promise.all(Array.from({ length: concurrency }, loop));
await pool.close();
