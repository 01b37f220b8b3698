import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";

async function startServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("an endpoint that has to be verified", () => {
  let test: TestHub;
  let echo: Receiver;
  let answer: (challenge: string) => { status: number; body?: string };
  before(async () => {
    test = await startTestHub();
    echo = await startReceiver(({ body }) => {
      const { type, data } = JSON.parse(body);
      return type === "endpoint.verification" ? answer(data.challenge) : { status: 200 };
    });
  });
  beforeEach(() => void (answer = (challenge) => ({ status: 200, body: challenge })));
  after(async () => {
    await test[Symbol.asyncDispose]();
    await echo[Symbol.asyncDispose]();
  });

  const make = async (fields: object) => {
    const made = await test.call("POST", "/api/v1/endpoints", fields);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return { ...made.body, path: `/api/v1/endpoints/${made.body.id}` };
  };

  it("is sent nothing before it has echoed a signed challenge, and then all that was held", async () => {
    const made = await make({ url: echo.url, verification: "challenge", eventTypes: ["a.held"] });
    assert.deepEqual(
      [made.disabled, made.disabledReason, made.verification],
      [true, "unverified", { method: "challenge" }],
    );
    await test.call("POST", "/api/v1/messages", { type: "a.held", data: {} });
    await test.hub.processAll();
    assert.equal(echo.requests.length, 0);
    for (const call of [
      await test.call("POST", `${made.path}/enable`),
      await test.call("PATCH", made.path, { disabled: false }),
    ])
      assert.deepEqual([call.status, call.body.code], [409, "endpoint_unverified"]);

    for (const wrong of [
      { status: 200 },
      { status: 200, body: "{" },
      { status: 200, body: '{"challenge":1}' },
      { status: 500 },
    ]) {
      answer = () => wrong;
      const refused = await test.call("POST", `${made.path}/verify`);
      assert.deepEqual([refused.status, refused.body.verified, refused.body.endpoint.disabled], [200, false, true]);
      assert.match(refused.body.detail, /challenge|500/);
    }
    answer = (challenge) => ({ status: 200, body: JSON.stringify({ challenge }) });
    const verified = await test.call("POST", `${made.path}/verify`);
    assert.deepEqual([verified.body.verified, verified.body.endpoint.disabled], [true, false]);
    assert.ok(verified.body.endpoint.verification.verifiedAt);
    const { body, headers } = echo.requests.at(-1) ?? { body: "", headers: {} };
    new Webhook(made.secret).verify(body, headers as Record<string, string>);
    await test.hub.processAll();
    assert.equal(JSON.parse(echo.requests.at(-1)?.body ?? "{}").type, "a.held");
  });

  it("has to show it again at another URL", async () => {
    const made = await make({ url: echo.url, verification: "challenge", eventTypes: ["none"] });
    await test.call("POST", `${made.path}/verify`);
    const moved = await test.call("PATCH", made.path, { url: `${echo.url}?b` });
    assert.deepEqual([moved.body.disabled, moved.body.verification], [true, { method: "challenge" }]);
    assert.equal((await test.call("PATCH", made.path, { description: "x" })).body.disabled, true);
    assert.equal((await test.call("POST", `${made.path}/verify`)).body.verified, true);
  });

  it("may answer CloudEvents' OPTIONS, and say how much it takes", async () => {
    let headers: Record<string, string> = {};
    const seen: (string | undefined)[] = [];
    await using server = await startServer((request, response) => {
      seen.push(`${request.method} ${String(request.headers["webhook-request-origin"])}`);
      response.writeHead(200, headers).end();
    });
    const made = await make({ url: server.url, verification: "options", eventTypes: ["none"] });
    for (const wrong of [{}, { "WebHook-Allowed-Origin": "evil.example" }]) {
      headers = wrong;
      const refused = await test.call("POST", `${made.path}/verify`);
      assert.match(refused.body.detail, /WebHook-Allowed-Origin/);
    }
    headers = { "WebHook-Allowed-Origin": "127.0.0.1", "WebHook-Allowed-Rate": "120" };
    const verified = await test.call("POST", `${made.path}/verify`);
    assert.deepEqual([verified.body.verified, verified.body.endpoint.rateLimitPerSecond], [true, 2]);
    assert.equal(seen[0], "OPTIONS 127.0.0.1");
    headers = { "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "*" };
    assert.equal((await test.call("POST", `${made.path}/verify`)).body.endpoint.rateLimitPerSecond, 2);
  });

  it("need not be, unless it says so", async () => {
    const made = await make({ url: echo.url, eventTypes: ["none"] });
    assert.equal((await test.call("POST", `${made.path}/verify`)).body.code, "not_verifiable");
    assert.equal(made.verification, undefined);
  });

  it("may be every one, when the hub demands it", async () => {
    await using strict = await startTestHub({ settings: { deliveries: { endpointVerification: "challenge" } } });
    const made = await strict.call("POST", "/api/v1/endpoints", { url: echo.url });
    assert.deepEqual([made.body.disabled, made.body.verification], [true, { method: "challenge" }]);
  });
});
