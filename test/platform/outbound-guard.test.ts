import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { parseAllowList } from "../../src/lib/denied-addresses.ts";
import { openOutboundSocket } from "../../src/platform/open-outbound-socket.ts";
import { BlockedAddressError } from "../../src/platform/outbound-failure.ts";
import { answering, loopbackOutbound, post } from "../support/outbound.ts";
import { startRawReceiver } from "../support/raw-receiver.ts";

const ok = (socket: Socket): void =>
  void socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");

/** Listens on every address of the machine, v4 and v6, and counts who comes. */
async function startEverywhere() {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("the outbound guard", () => {
  it("makes no connection for any spelling of a denied address", async () => {
    await using everywhere = await startEverywhere();
    await using outbound = loopbackOutbound({ allow: [] });
    const hosts = [
      [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
      ],
      [
        "[::1]",
        "[::]",
        "[::7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:1]",
      ],
      ["localhost", "LOCALHOST", "localhost.", "x.localhost", "１２７.0.0.1", "user@127.0.0.1", "user:pass@localhost"],
    ].flat();
    for (const host of hosts) {
      for (const scheme of ["http", "https"]) {
        const result = await outbound.request(post(`${scheme}://${host}:${everywhere.port}/`));
        assert.ok(
          result.kind === "failure" && result.reason === "blocked",
          `${scheme}://${host} → ${JSON.stringify(result)}`,
        );
      }
    }
    assert.equal(everywhere.connections(), 0);
  });

  it("refuses a name when any of its addresses is denied, and does not show the address", async () => {
    await using everywhere = await startEverywhere();
    const { resolve } = answering({
      "mixed.test": [["93.184.215.14", "127.0.0.1"]],
      "inner.test": [["::ffff:10.0.0.1"]],
    });
    await using outbound = loopbackOutbound({ allow: [], resolve });
    for (const name of ["mixed.test", "inner.test"]) {
      const result = await outbound.request(post(`http://${name}:${everywhere.port}/`));
      assert.ok(result.kind === "failure" && result.reason === "blocked", JSON.stringify(result));
      assert.doesNotMatch(result.detail, /\d+\.\d+/);
    }
    assert.equal(everywhere.connections(), 0);
  });

  it("connects to the address it checked: a second answer from DNS is never asked for", async () => {
    await using receiver = await startRawReceiver(ok);
    await using metadata = await startRawReceiver(ok);
    const { asked, resolve } = answering({ "rebind.test": [["127.0.0.1"], ["127.0.0.2"]] });
    await using outbound = loopbackOutbound({ resolve, allow: parseAllowList("127.0.0.1").allow });

    const first = await outbound.request(post(`http://rebind.test:${receiver.port}/`));
    assert.ok(first.kind === "response", JSON.stringify(first));
    assert.equal(first.remoteAddress, "127.0.0.1");
    assert.deepEqual(asked, ["rebind.test"]);

    // The connection was closed by the receiver, so the next call asks again, and the answer is now a denied address.
    const second = await outbound.request(post(`http://rebind.test:${receiver.port}/`));
    assert.ok(second.kind === "failure" && second.reason === "blocked", JSON.stringify(second));
    assert.equal(receiver.connections(), 1);
    assert.equal(metadata.connections(), 0);
  });

  it("sends the name in Host, whatever the caller's headers say", async () => {
    await using receiver = await startRawReceiver(ok);
    const { resolve } = answering({ "hook.test": [["127.0.0.1"]] });
    await using outbound = loopbackOutbound({ resolve });
    await outbound.request(
      post(`http://hook.test:${receiver.port}/a?b=c`, { headers: { Host: "other.test", "X-Own": "1" } }),
    );
    assert.match(receiver.received(), /^POST \/a\?b=c HTTP\/1\.1\r\n/);
    assert.match(receiver.received(), new RegExp(`\r\nhost: hook\\.test:${receiver.port}\r\n`, "i"));
    assert.match(receiver.received(), /\r\nuser-agent: Hookyard\/test\r\n/i);
    assert.match(receiver.received(), /\r\nx-own: 1\r\n/);
    assert.doesNotMatch(receiver.received(), /other\.test/);
  });

  it("sends a header once, however its name is written, and the last value counts", async () => {
    await using receiver = await startRawReceiver(ok);
    await using outbound = loopbackOutbound();
    const headers = { "Webhook-Id": "forged", "User-Agent": "own", "webhook-id": "msg_1" };
    await outbound.request(post(receiver.url, { headers }));
    assert.deepEqual(receiver.received().match(/^webhook-id: .*$/gim), ["webhook-id: msg_1"]);
    assert.deepEqual(receiver.received().match(/^user-agent: .*$/gim), ["user-agent: own"]);
  });

  it("looks at the peer of an open connection once more, and says nothing to a denied one", async () => {
    await using receiver = await startRawReceiver(ok);
    const target = { url: new URL(receiver.url), hostname: "lied.test", addresses: ["127.0.0.1"] };
    const guard = { allow: [], allowHttp: true, resolve: async () => [], proxy: undefined };
    const opening = openOutboundSocket(target, guard, undefined, new AbortController().signal, () => {});
    await assert.rejects(opening, BlockedAddressError);
    while (receiver.open() > 0) await new Promise(setImmediate);
    assert.equal(receiver.received(), "");
  });

  it("tries the next checked address when the first one does not answer", async () => {
    await using receiver = await startRawReceiver(ok);
    // Nothing listens on 127.0.0.9: the receiver is bound to 127.0.0.1.
    const { resolve } = answering({ "two.test": [["127.0.0.9", "127.0.0.1"]] });
    await using outbound = loopbackOutbound({ resolve });
    const result = await outbound.request(post(`http://two.test:${receiver.port}/`));
    assert.ok(result.kind === "response", JSON.stringify(result));
    assert.equal(result.remoteAddress, "127.0.0.1");
  });

  it("does not follow a redirect to a private address, or to any", async () => {
    await using target = await startRawReceiver(ok);
    for (const status of [301, 302, 303, 307, 308]) {
      await using receiver = await startRawReceiver((socket) =>
        socket.end(`HTTP/1.1 ${status} Moved\r\nLocation: ${target.url}\r\nContent-Length: 0\r\n\r\n`),
      );
      await using outbound = loopbackOutbound();
      const result = await outbound.request(post(receiver.url));
      assert.ok(result.kind === "response" && result.status === status, JSON.stringify(result));
      assert.equal(result.headers["location"], target.url);
    }
    assert.equal(target.connections(), 0);
  });

  it("ignores proxy variables", async () => {
    await using receiver = await startRawReceiver(ok);
    await using proxy = await startRawReceiver(ok);
    const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "NODE_USE_ENV_PROXY"];
    const before = names.map((name) => process.env[name]);
    for (const name of names)
      process.env[name] = name === "NODE_USE_ENV_PROXY" ? "1" : `http://127.0.0.1:${proxy.port}`;
    try {
      await using outbound = loopbackOutbound();
      const result = await outbound.request(post(receiver.url));
      assert.equal(result.kind, "response");
      assert.equal(proxy.connections(), 0);
    } finally {
      for (const [index, name] of names.entries()) {
        const value = before[index];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});
