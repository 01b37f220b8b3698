import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { OutboundResult } from "../../src/platform/outbound-exchange.ts";
import { answering, loopbackOutbound, post } from "../support/outbound.ts";
import { startRawReceiver } from "../support/raw-receiver.ts";

function assertFailure(result: OutboundResult, reason: string): asserts result is OutboundResult & { kind: "failure" } {
  assert.ok(result.kind === "failure" && result.reason === reason, JSON.stringify(result).slice(0, 300));
  assert.ok(result.detail.length > 0 && result.detail.length < 200, result.detail);
}

/** Sends one POST to a receiver that behaves so. */
async function postTo(onRequest: (socket: Socket) => void, timeoutMs = 2_000): Promise<OutboundResult> {
  await using receiver = await startRawReceiver(onRequest);
  await using outbound = loopbackOutbound();
  return await outbound.request(post(receiver.url, { timeoutMs }));
}

/** Writes for as long as the other side reads. */
function flood(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
}

describe("a bad receiver", () => {
  it("that never answers ends at the deadline, and its connection is closed", async () => {
    await using receiver = await startRawReceiver(() => {});
    await using outbound = loopbackOutbound();
    const result = await outbound.request(post(receiver.url, { timeoutMs: 300 }));
    assertFailure(result, "timeout");
    assert.match(result.detail, /after 300 ms while waiting for the response/);
    assert.ok(result.durationMs >= 295 && result.durationMs < 1_000, `${result.durationMs} ms`);
    while (receiver.open() > 0) await new Promise(setImmediate);
  });

  it("that answers one byte at a time ends at the deadline, in the headers and in the body", async () => {
    for (const answer of ["HTTP/1.1 200 OK\r\nX-Slow: ", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"]) {
      let drip: NodeJS.Timeout | undefined;
      const result = await postTo((socket) => {
        socket.write(answer);
        drip = setInterval(() => socket.write("x"), 50);
      }, 300);
      clearInterval(drip);
      assertFailure(result, "timeout");
      assert.ok(result.durationMs < 1_000, `${result.durationMs} ms`);
    }
  });

  it("that sends interim answers without end ends at the deadline", async () => {
    const result = await postTo((socket) => flood(socket, Buffer.from("HTTP/1.1 102 Processing\r\n\r\n")), 300);
    assertFailure(result, "timeout");
  });

  it("that sends 1 GB is cut off early with little memory", async () => {
    const before = process.memoryUsage();
    for (const head of ["Content-Length: 1073741824", "Transfer-Encoding: chunked"]) {
      const chunk = Buffer.alloc(65_536, 120);
      const framed = head.startsWith("T")
        ? Buffer.concat([Buffer.from("10000\r\n"), chunk, Buffer.from("\r\n")])
        : chunk;
      const result = await postTo((socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
        flood(socket, framed);
      });
      assertFailure(result, "too_large");
      assert.ok(result.durationMs < 1_500, `${result.durationMs} ms`);
    }
    const after = process.memoryUsage();
    assert.ok(after.arrayBuffers - before.arrayBuffers < 16 * 2 ** 20, `${after.arrayBuffers - before.arrayBuffers}`);
  });

  for (const [name, answer] of [
    ["sends no HTTP at all", "SSH-2.0-OpenSSH_9.6\r\n"],
    ["sends a broken status line", "HTTP/1.1 2x0 OK\r\n\r\n"],
    ["sends a length that is not a number", "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n"],
    ["sends two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!"],
    [
      "sends a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["sends a broken chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["sends NUL in a header", "HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\n\r\n"],
    ["switches protocols unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"],
    ["sends 20 KB of headers", `HTTP/1.1 200 OK\r\n${`X-Bomb: ${"b".repeat(1_000)}\r\n`.repeat(20)}\r\n`],
  ] as const) {
    it(`that ${name} fails as a protocol error`, async () => {
      assertFailure(await postTo((socket) => socket.write(answer)), "protocol");
    });
  }

  it("that sends headers without end is cut off", async () => {
    const result = await postTo((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      flood(socket, Buffer.from(`X-Bomb: ${"b".repeat(4_000)}\r\n`));
    });
    assertFailure(result, "protocol");
  });

  for (const [name, answer] of [
    ["closes without an answer", ""],
    ["closes within the headers", "HTTP/1.1 200 OK\r\nContent-Le"],
    ["closes half-way through a body of known length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"],
    ["closes half-way and had said so", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nhalf"],
    ["closes between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
  ] as const) {
    it(`that ${name} fails as a reset`, async () => {
      assertFailure(await postTo((socket) => socket.end(answer)), "reset");
    });
  }

  it("that resets the connection fails as a reset", async () => {
    assertFailure(await postTo((socket) => socket.resetAndDestroy()), "reset");
  });

  it("that is not there is refused", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await using outbound = loopbackOutbound();
    assertFailure(await outbound.request(post(`http://127.0.0.1:${port}/`)), "refused");
  });

  it("whose name does not resolve fails in DNS", async () => {
    await using outbound = loopbackOutbound({ resolve: answering({ "empty.test": [[]] }).resolve });
    assertFailure(await outbound.request(post("http://missing.test/")), "dns");
    assertFailure(await outbound.request(post("http://empty.test/")), "dns");
  });

  it("whose name server does not answer ends at the deadline", async () => {
    await using outbound = loopbackOutbound({ resolve: () => new Promise(() => {}) });
    const result = await outbound.request(post("http://slow.test/", { timeoutMs: 200 }));
    assertFailure(result, "timeout");
    assert.match(result.detail, /while resolving the host name/);
  });

  it("whose name resolves after the deadline gets no connection", async () => {
    await using receiver = await startRawReceiver(() => {});
    const { promise, resolve } = Promise.withResolvers<[{ address: string; family: number }]>();
    await using outbound = loopbackOutbound({ resolve: () => promise });
    const result = await outbound.request(post(`http://late.test:${receiver.port}/`, { timeoutMs: 50 }));
    assertFailure(result, "timeout");
    resolve([{ address: "127.0.0.1", family: 4 }]);
    await new Promise((done) => setTimeout(done, 50));
    assert.equal(receiver.connections(), 0);
  });

  it("leaves nothing behind: fifty of them at once, and every connection is closed", async () => {
    await using receiver = await startRawReceiver((socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    );
    await using outbound = loopbackOutbound();
    const results = await Promise.all(
      Array.from({ length: 50 }, () => outbound.request(post(receiver.url, { timeoutMs: 300 }))),
    );
    for (const result of results) assertFailure(result, "timeout");
    assert.equal(receiver.connections(), 50);
    while (receiver.open() > 0) await new Promise(setImmediate);
  });
});

describe("an outbound call", () => {
  it("ends when its signal is aborted, before and while it runs", async () => {
    await using receiver = await startRawReceiver(() => {});
    await using outbound = loopbackOutbound();
    assertFailure(await outbound.request(post(receiver.url, { signal: AbortSignal.abort() })), "aborted");
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 50);
    assertFailure(await outbound.request(post(receiver.url, { signal: stopping.signal })), "aborted");
    assert.equal(receiver.connections(), 1);
  });

  it("ends when the client is closed, and later ones do not start", async () => {
    await using receiver = await startRawReceiver(() => {});
    const outbound = loopbackOutbound({ resolve: () => new Promise(() => {}) });
    const calls = [outbound.request(post(receiver.url)), outbound.request(post("http://slow.test/"))];
    while (receiver.connections() === 0) await new Promise(setImmediate);
    await outbound.close();
    for (const result of await Promise.all(calls)) assertFailure(result, "aborted");
    assertFailure(await outbound.request(post(receiver.url)), "aborted");
    while (receiver.open() > 0) await new Promise(setImmediate);
  });

  for (const [name, headers] of [
    ["a line break in a value", { "x-own": "a\r\nx-evil: 1" }],
    ["a space in a name", { "x own": "a" }],
    ["a transfer encoding", { "transfer-encoding": "chunked" }],
    ["a wrong length", { "content-length": "1" }],
    ["an expectation", { expect: "100-continue" }],
  ] as const) {
    it(`with ${name} among its headers is not sent`, async () => {
      await using receiver = await startRawReceiver((socket) =>
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
      );
      await using outbound = loopbackOutbound();
      assertFailure(await outbound.request(post(receiver.url, { headers: { ...headers } })), "invalid_request");
      assert.equal(receiver.received(), "");
    });
  }
});
