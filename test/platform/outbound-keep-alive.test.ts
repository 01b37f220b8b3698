import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parseAllowList } from "../../src/lib/denied-addresses.ts";
import { checkOutboundUrl } from "../../src/platform/check-outbound-url.ts";
import { OutboundConnection } from "../../src/platform/outbound-connection.ts";
import { loopbackOutbound, post } from "../support/outbound.ts";

async function startReceiver(onRequest: (request: IncomingMessage, response: ServerResponse) => void) {
  let connections = 0;
  let open = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => onRequest(request, response));
  });
  server.on("connection", (socket) => {
    connections++;
    open++;
    socket.on("close", () => open--);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    connections: () => connections,
    open: () => open,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What is still held after a full collection: without one, the same test measured anything from 5 to 40 MB of garbage. */
function retainedBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe("outbound keep-alive", () => {
  it("carries call after call on one connection", async () => {
    await using receiver = await startReceiver((_request, response) => response.end("ok"));
    await using outbound = loopbackOutbound();
    for (let call = 0; call < 20; call++) {
      const result = await outbound.request(post(receiver.url));
      assert.ok(result.kind === "response" && result.status === 200, JSON.stringify(result));
      assert.equal(result.body.toString(), "ok");
      assert.equal(result.truncated, false);
      assert.equal(result.remoteAddress, "127.0.0.1");
    }
    assert.equal(receiver.connections(), 1);
  });

  it("opens as many connections as calls are under way, and reuses them", async () => {
    await using receiver = await startReceiver((_request, response) => setTimeout(() => response.end(), 5));
    await using outbound = loopbackOutbound();
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 8 }, () => outbound.request(post(receiver.url))));
    }
    assert.equal(receiver.connections(), 8);
  });

  it("reads a body that is longer than what is kept to its end, and says so", async () => {
    await using receiver = await startReceiver((_request, response) => response.end("x".repeat(100_000)));
    await using outbound = loopbackOutbound();
    for (let call = 0; call < 3; call++) {
      const result = await outbound.request(post(receiver.url));
      assert.ok(result.kind === "response" && result.truncated, JSON.stringify(result).slice(0, 200));
      assert.equal(result.body.length, 16 * 1024);
    }
    assert.equal(receiver.connections(), 1);
  });

  it("keeps an exact fit whole, and joins chunks", async () => {
    await using receiver = await startReceiver((_request, response) => {
      response.write("a".repeat(8_000));
      setTimeout(() => response.end("b".repeat(8_384)), 20);
    });
    await using outbound = loopbackOutbound();
    const result = await outbound.request(post(receiver.url));
    assert.ok(result.kind === "response" && !result.truncated);
    assert.equal(result.body.toString(), "a".repeat(8_000) + "b".repeat(8_384));
  });

  it("gives the headers in lower case, joined, and at most 64 of them", async () => {
    await using receiver = await startReceiver((_request, response) => {
      response.setHeader("Retry-After", "120");
      response.setHeader("X-Twice", ["a", "b"]);
      for (let index = 0; index < 100; index++) response.setHeader(`X-Filler-${index}`, "1");
      response.writeHead(503).end();
    });
    await using outbound = loopbackOutbound();
    const result = await outbound.request(post(receiver.url));
    assert.ok(result.kind === "response" && result.status === 503);
    assert.equal(result.headers["retry-after"], "120");
    assert.equal(result.headers["x-twice"], "a, b");
    assert.equal(Object.keys(result.headers).length, 64);
  });

  it("passes over interim answers and their headers", async () => {
    await using receiver = await startReceiver((_request, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload", "x-early": "1" });
      response.setHeader("X-Final", "1").writeHead(201).end("done");
    });
    await using outbound = loopbackOutbound();
    const result = await outbound.request(post(receiver.url));
    assert.ok(result.kind === "response" && result.status === 201, JSON.stringify(result));
    assert.equal(result.headers["x-final"], "1");
    assert.equal(result.headers["x-early"], undefined);
  });

  it("forgets an idle connection as soon as the receiver closes it", async () => {
    await using receiver = await startReceiver((_request, response) => response.end("ok"));
    const { allow } = parseAllowList("127.0.0.1");
    const checked = checkOutboundUrl(receiver.url, allow);
    assert.ok(checked.ok);
    const { promise: lost, resolve } = Promise.withResolvers<void>();
    const guard = { allow, allowHttp: true, resolve: async () => [], proxy: undefined };
    const keeper = { connectionIdle: () => {}, connectionLost: () => resolve() };
    const connection = new OutboundConnection(checked.target, guard, undefined, keeper);
    const limits = { timeoutMs: 2_000, maxResponseBytes: 1_024 };
    const result = await connection.exchange({ path: "/", method: "POST", body: "{}" }, limits);
    assert.equal(result.kind, "response");
    receiver.server.closeIdleConnections();
    await lost;
  });

  it("does not count on a connection that the receiver has closed", async () => {
    await using receiver = await startReceiver((_request, response) => response.end("ok"));
    await using outbound = loopbackOutbound();
    for (let call = 1; call <= 5; call++) {
      const result = await outbound.request(post(receiver.url));
      assert.equal(result.kind, "response", JSON.stringify(result));
      assert.equal(receiver.connections(), call);
      receiver.server.closeIdleConnections();
      while (receiver.open() > 0) await new Promise(setImmediate);
    }
  });

  it("takes a new connection after `Connection: close`, also when calls come at once", async () => {
    await using receiver = await startReceiver((_request, response) => {
      response.setHeader("Connection", "close").end("ok");
    });
    await using outbound = loopbackOutbound();
    for (let call = 0; call < 10; call++) {
      const result = await outbound.request(post(receiver.url));
      assert.equal(result.kind, "response", JSON.stringify(result));
    }
    assert.equal(receiver.connections(), 10);
  });

  it("closes the longest idle connections beyond the limit", async () => {
    await using one = await startReceiver((_request, response) => setTimeout(() => response.end(), 5));
    await using two = await startReceiver((_request, response) => response.end());
    await using outbound = loopbackOutbound({ maxIdleConnections: 2 });
    await outbound.request(post(two.url));
    await Promise.all(Array.from({ length: 6 }, () => outbound.request(post(one.url))));
    while (one.open() > 2 || two.open() > 0) await new Promise(setImmediate);
    await Promise.all([outbound.request(post(one.url)), outbound.request(post(one.url))]);
    assert.equal(one.connections(), 6);
  });

  it("keeps memory flat over many calls", async function () {
    this.timeout(20_000);
    await using receiver = await startReceiver((_request, response) => response.end("x".repeat(4_000)));
    await using outbound = loopbackOutbound();
    const run = async (calls: number): Promise<number> => {
      let left = calls;
      const worker = async (): Promise<void> => {
        while (left-- > 0) await outbound.request(post(receiver.url));
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      return retainedBytes();
    };
    const settled = await run(1_000);
    const later = await run(4_000);
    assert.ok(later - settled < 4 * 2 ** 20, `${later - settled} bytes more`);
  });
});
