import assert from "node:assert/strict";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { answering, loopbackOutbound, post } from "../support/outbound.ts";
import { selfSignedCertificate } from "../support/self-signed-certificate.ts";

const trusted = selfSignedCertificate(["hook.test", "other.test"]);
const stranger = selfSignedCertificate(["hook.test"]);
const { resolve } = answering({ "hook.test": [["127.0.0.1"]], "wrong.test": [["127.0.0.1"]] });

async function listen(server: Server) {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done));
    },
  };
}

async function startHttps({ key, cert }: typeof trusted) {
  const seen: { servername: unknown; host: string | undefined; alpn: unknown }[] = [];
  let connections = 0;
  const server = createHttpsServer({ key, cert, ALPNProtocols: ["h2", "http/1.1"] }, (request, response) => {
    const socket = request.socket as unknown as { servername: unknown; alpnProtocol: unknown };
    seen.push({ servername: socket.servername, host: request.headers.host, alpn: socket.alpnProtocol });
    request.resume().on("end", () => response.end("ok"));
  });
  server.on("secureConnection", () => connections++);
  const listening = await listen(server);
  return { ...listening, seen, connections: () => connections };
}

describe("outbound TLS", () => {
  const authorities = getCACertificates("default");
  before(() => setDefaultCACertificates([...authorities, trusted.cert]));
  after(() => setDefaultCACertificates(authorities));

  it("keeps the name in SNI and Host while the address is pinned, speaks HTTP/1.1, and reuses the connection", async () => {
    await using receiver = await startHttps(trusted);
    await using outbound = loopbackOutbound({ resolve });
    for (let call = 0; call < 3; call++) {
      const result = await outbound.request(post(`https://hook.test:${receiver.port}/`));
      assert.ok(result.kind === "response" && result.status === 200, JSON.stringify(result));
      assert.equal(result.remoteAddress, "127.0.0.1");
    }
    assert.equal(receiver.connections(), 1);
    assert.deepEqual(receiver.seen[0], {
      servername: "hook.test",
      host: `hook.test:${receiver.port}`,
      alpn: "http/1.1",
    });
  });

  it("fails for a certificate that nobody trusts, whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
    await using receiver = await startHttps(stranger);
    await using outbound = loopbackOutbound({ resolve });
    const emitWarning = process.emitWarning.bind(process);
    process.emitWarning = () => {}; // Node warns about the variable, on purpose
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const result = await outbound.request(post(`https://hook.test:${receiver.port}/`));
      assert.ok(result.kind === "failure" && result.reason === "tls", JSON.stringify(result));
      assert.match(result.detail, /DEPTH_ZERO_SELF_SIGNED_CERT/);
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      process.emitWarning = emitWarning;
    }
    assert.equal(receiver.seen.length, 0);
  });

  it("fails for a trusted certificate with another name, and for an address it does not name", async () => {
    await using receiver = await startHttps(trusted);
    await using outbound = loopbackOutbound({ resolve });
    for (const host of ["wrong.test", "127.0.0.1"]) {
      const result = await outbound.request(post(`https://${host}:${receiver.port}/`));
      assert.ok(result.kind === "failure" && result.reason === "tls", JSON.stringify(result));
      assert.match(result.detail, /ERR_TLS_CERT_ALTNAME_INVALID/);
    }
    assert.equal(receiver.seen.length, 0);
  });

  it("fails for a server that speaks no TLS or closes in the handshake", async () => {
    for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
      await using receiver = await listen(
        createTcpServer((socket) => {
          socket.on("error", () => {});
          socket.once("data", () => socket.end(answer));
        }),
      );
      await using outbound = loopbackOutbound({ resolve });
      const result = await outbound.request(post(`https://hook.test:${receiver.port}/`));
      assert.ok(result.kind === "failure" && result.reason === "tls", JSON.stringify(result));
    }
  });

  it("counts the handshake into the deadline", async () => {
    await using receiver = await listen(
      createTcpServer((socket) => {
        socket.on("error", () => {});
        socket.resume();
      }),
    );
    await using outbound = loopbackOutbound({ resolve });
    const result = await outbound.request(post(`https://hook.test:${receiver.port}/`, { timeoutMs: 200 }));
    assert.ok(result.kind === "failure" && result.reason === "timeout", JSON.stringify(result));
    assert.match(result.detail, /during the TLS handshake/);
    assert.ok(result.durationMs < 1_000);
  });
});
