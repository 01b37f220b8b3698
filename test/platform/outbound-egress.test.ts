import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { checkOutboundUrl } from "../../src/platform/check-outbound-url.ts";
import { parseAllowList } from "../../src/lib/denied-addresses.ts";
import { answering, loopbackOutbound, post } from "../support/outbound.ts";
import { startReceiver } from "../support/receiver.ts";
import { selfSignedCertificate } from "../support/self-signed-certificate.ts";

const strict = { allowHttp: false, ports: [] };

/** A proxy that makes connections, and keeps what it was asked for. */
async function startProxy(answer = "200 OK") {
  const asked: { readonly target: string | undefined; readonly authorization: string | undefined }[] = [];
  const server: Server = createServer();
  server.on("connect", ({ url, headers }, socket) => {
    asked.push({ target: url, authorization: headers["proxy-authorization"] });
    socket.on("error", () => undefined);
    if (!answer.startsWith("2")) return void socket.end(`HTTP/1.1 ${answer}\r\n\r\n`);
    const [host = "", port] = (url ?? "").split(":");
    const upstream = connect(Number(port), host, () => {
      socket.write(`HTTP/1.1 ${answer}\r\nVia: test\r\n\r\n`);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    asked,
    url: (credentials = "") => `http://${credentials}127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("calls without TLS", () => {
  it("go to addresses that are allowed by name only", async () => {
    const { allow } = parseAllowList("127.0.0.0/8,93.184.215.14");
    for (const [url, isOk] of [
      ["http://127.0.0.1:8080/", true],
      ["http://93.184.215.14/", true],
      ["http://localhost/", true],
      ["http://8.8.8.8/", false],
      ["https://8.8.8.8/", true],
      ["http://receiver.example/", true],
    ] as const)
      assert.equal(checkOutboundUrl(url, allow, strict).ok, isOk, url);
    assert.equal(checkOutboundUrl("http://receiver.example/", [], strict).ok, false);
    assert.equal(checkOutboundUrl("https://receiver.example/", [], strict).ok, true);
  });

  it("are refused when a name stands for another address", async () => {
    const { resolve } = answering({
      "plain.test": [["93.184.215.14"]],
      "mixed.test": [["127.0.0.1", "93.184.215.14"]],
    });
    await using outbound = loopbackOutbound({ resolve, policy: strict });
    for (const host of ["plain.test", "mixed.test"]) {
      const result = await outbound.request(post(`http://${host}/`));
      assert.ok(result.kind === "failure" && result.reason === "blocked", JSON.stringify(result));
      assert.match(result.detail, /only https/);
    }
    await using receiver = await startReceiver();
    const allowed = await outbound.request(post(receiver.url));
    assert.equal(allowed.kind, "response");
  });
});

describe("calls to ports", () => {
  it("go to those that are named, if any are", () => {
    const policy = { allowHttp: true, ports: [443, 8443] };
    for (const [url, isOk] of [
      ["https://a.example/", true],
      ["https://a.example:8443/", true],
      ["https://a.example:444/", false],
      ["http://a.example/", false],
    ] as const)
      assert.equal(checkOutboundUrl(url, [], policy).ok, isOk, url);
  });
});

describe("calls through a proxy", () => {
  const trusted = selfSignedCertificate(["hook.test"]);
  const authorities = getCACertificates("default");
  before(() => setDefaultCACertificates([...authorities, trusted.cert]));
  after(() => setDefaultCACertificates(authorities));

  it("reach the checked address, with and without TLS, and keep their connection", async () => {
    await using proxy = await startProxy();
    await using receiver = await startReceiver();
    await using outbound = loopbackOutbound({
      proxyUrl: proxy.url("user:p%40ss@"),
      ...answering({ "hook.test": [["127.0.0.1"]] }),
    });
    for (let call = 0; call < 2; call += 1) {
      const result = await outbound.request(post(receiver.url));
      assert.ok(result.kind === "response" && result.status === 200, JSON.stringify(result));
    }
    assert.deepEqual(proxy.asked, [
      { target: new URL(receiver.url).host, authorization: `Basic ${Buffer.from("user:p@ss").toString("base64")}` },
    ]);
    const hosts: (string | undefined)[] = [];
    const secure = createHttps(trusted, (request, response) => {
      hosts.push(request.headers.host);
      request.resume().on("end", () => response.end("ok"));
    });
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    const { port } = secure.address() as AddressInfo;
    const result = await outbound.request(post(`https://hook.test:${port}/`));
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
    assert.ok(result.kind === "response" && result.status === 200, JSON.stringify(result));
    assert.deepEqual([hosts, proxy.asked.at(-1)?.target], [[`hook.test:${port}`], `127.0.0.1:${port}`]);
  });

  it("are guarded as those without one", async () => {
    await using proxy = await startProxy();
    const { resolve } = answering({ "inner.test": [["10.0.0.1"]] });
    await using outbound = loopbackOutbound({ proxyUrl: proxy.url(), resolve });
    for (const url of ["http://inner.test/", "http://169.254.169.254/"]) {
      const result = await outbound.request(post(url));
      assert.ok(result.kind === "failure" && result.reason === "blocked", JSON.stringify(result));
    }
    assert.deepEqual(proxy.asked, []);
  });

  it("fail as connections do when the proxy refuses, is away, or never answers", async () => {
    await using refusing = await startProxy("403 Forbidden");
    await using silent = await startProxy("100 Continue");
    const gone = await startProxy();
    const goneUrl = gone.url();
    await gone[Symbol.asyncDispose]();
    await using receiver = await startReceiver();
    for (const [proxyUrl, reason] of [
      [refusing.url(), "connect"],
      [silent.url(), "connect"],
      [goneUrl, "refused"],
    ] as const) {
      await using outbound = loopbackOutbound({ proxyUrl });
      const result = await outbound.request(post(receiver.url, { timeoutMs: 500 }));
      assert.ok(result.kind === "failure" && result.reason === reason, `${proxyUrl} ${JSON.stringify(result)}`);
    }
  });
});
