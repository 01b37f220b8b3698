import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { parseAllowList } from "../../src/lib/denied-addresses.ts";
import { createOutboundHttp } from "../../src/platform/outbound-http.ts";
import { startDeliveryStage } from "../support/delivery-stage.ts";
import { answering } from "../support/outbound.ts";
import { startRawReceiver } from "../support/raw-receiver.ts";

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function dribble(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n");
  const timer = setInterval(() => socket.write("x"), 200);
  socket.on("close", () => clearInterval(timer));
}

function flood(socket: Socket): void {
  socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n");
  const chunk = Buffer.alloc(64 * 1024, "x");
  const pour = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", pour);
  pour();
}

const misbehaviours: readonly (readonly [string, (socket: Socket) => void, string])[] = [
  ["never answers", () => {}, "timeout"],
  ["answers one byte at a time", dribble, "timeout"],
  ["sends a gigabyte", flood, "too_large"],
  ["does not speak HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"), "protocol"],
  ["closes half-way", (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal"), "reset"],
  ["resets the connection", (socket) => void socket.resetAndDestroy(), "reset"],
];

describe("a receiver that misbehaves", () => {
  for (const [what, onRequest, outcome] of misbehaviours) {
    it(`and ${what} makes a failed attempt: ${outcome}`, async () => {
      await using receiver = await startRawReceiver(onRequest);
      await using stage = await startDeliveryStage();
      await stage.addEndpoint(receiver.url, { timeoutSeconds: 1 });
      await stage.announceMany(1);
      stage.startPump();
      await stage.processAll();
      const [attempt] = await stage.attempts();
      assert.equal(attempt?.outcome, outcome);
      assert.deepEqual([attempt?.status, attempt?.response_body], [null, null]);
      assert.ok((attempt?.error ?? "").length > 0);
      assert.ok((attempt?.duration_ms ?? 9_999) < 1_500);
      const [delivery] = await stage.deliveries();
      assert.deepEqual([delivery?.state, delivery?.last_outcome, delivery?.retries_spent], ["pending", outcome, 1]);
      assert.ok(delivery?.next_attempt_at instanceof Date);
    });
  }

  it("and is not there makes a failed attempt: refused", async () => {
    await using stage = await startDeliveryStage();
    await stage.addEndpoint(`http://127.0.0.1:${await closedPort()}/hook`);
    await stage.announceMany(1);
    stage.startPump();
    await stage.processAll();
    assert.equal((await stage.attempts())[0]?.outcome, "refused");
  });
});

describe("an endpoint at a denied address", () => {
  it("gets nothing, and the attempt is recorded as blocked", async () => {
    await using receiver = await startRawReceiver((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
    const { asked, resolve } = answering({
      "rebinding.example": [["127.0.0.1"]],
      "half.example": [["93.184.215.14", "127.0.0.1"]],
    });
    const outbound = createOutboundHttp({ allow: parseAllowList("").allow, userAgent: "Hookyard/test", resolve });
    await using stage = await startDeliveryStage({ outbound });
    for (const hostname of ["rebinding.example", "half.example"])
      await stage.addEndpoint(`http://${hostname}:${receiver.port}/hook`);
    // Saved when it was allowed, and by hand: no address of its own is safe from being called.
    const literal = await stage.addEndpoint("http://93.184.215.14/hook");
    await stage.ctx.db.kysely
      .updateTable("endpoints")
      .set({ url: receiver.url })
      .where("id", "=", literal.id)
      .execute();
    await stage.announceMany(1);
    stage.startPump();
    await stage.processAll();

    const attempts = await stage.attempts();
    assert.equal(attempts.length, 3);
    for (const { outcome, status } of attempts) assert.deepEqual([outcome, status], ["blocked", null]);
    assert.ok(!attempts.some(({ error }) => error?.includes("127.0.0.1")), "an error must not map the inner network");
    assert.deepEqual([receiver.connections(), asked.length], [0, 2]);
    for (const { state, next_attempt_at } of await stage.deliveries())
      assert.ok(state === "pending" && next_attempt_at !== null);
  });
});
