import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { updateEndpoint } from "../../src/endpoints/update-endpoint.ts";
import { getEndpoint } from "../../src/endpoints/get-endpoint.ts";
import { tablesWith } from "../support/database-contents.ts";
import { startDeliveryStage } from "../support/delivery-stage.ts";
import { answering, loopbackOutbound } from "../support/outbound.ts";
import { startReceiver } from "../support/receiver.ts";
import { selfSignedCertificate } from "../support/self-signed-certificate.ts";

const oauth2 = { clientId: "a client", clientSecret: "s3cret&=%+", scope: "hooks" };

describe("an endpoint behind OAuth 2", () => {
  it("gets a token with each delivery, which is got once and kept until shortly before its end", async () => {
    let issued = 0;
    await using server = await startReceiver(() => {
      issued += 1;
      const answer = { access_token: `token-${issued}`, token_type: "Bearer", expires_in: 3600 };
      return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(answer) };
    });
    let status = 200;
    await using receiver = await startReceiver(() => ({ status }));
    await using stage = await startDeliveryStage({ settings: { retryScheduleSeconds: [5, 5] } });
    const { id } = await stage.addEndpoint(receiver.url, { oauth2: { ...oauth2, tokenUrl: server.url } });
    stage.startPump();
    await stage.announceMany(4);
    await stage.processAll();
    const tokensOf = () => receiver.requests.map(({ headers }) => headers.authorization);
    assert.deepEqual(tokensOf(), Array(4).fill("Bearer token-1"));
    const [asked] = server.requests;
    assert.equal(asked?.body, "grant_type=client_credentials&scope=hooks");
    const [encodedId, encodedSecret] = Buffer.from(asked?.headers.authorization?.slice(6) ?? "", "base64")
      .toString()
      .split(":");
    assert.deepEqual([encodedId, decodeURIComponent(encodedSecret ?? "")], ["a+client", oauth2.clientSecret]);
    const [attempt] = await stage.attempts();
    assert.equal(attempt?.request_headers["authorization"], "(hidden)");

    stage.clock.advanceBy(3_580);
    await stage.announceMany(1);
    await stage.processAll();
    assert.equal(tokensOf().at(-1), "Bearer token-2");
    status = 401;
    await stage.announceMany(1);
    await stage.processAll();
    status = 200;
    stage.clock.advanceBy(10);
    await stage.processAll();
    assert.equal(tokensOf().at(-1), "Bearer token-3", "one that was refused is not used again");

    const body = { ...oauth2, clientSecret: "other", tokenUrl: server.url, authentication: "body" as const };
    await updateEndpoint(stage.ctx, id, { oauth2: body });
    await stage.announceMany(1);
    await stage.processAll();
    assert.equal(tokensOf().at(-1), "Bearer token-4");
    assert.match(server.requests.at(-1)?.body ?? "", /client_id=a\+client&client_secret=other/);
    const shown = await getEndpoint(stage.ctx, id);
    assert.deepEqual(shown.oauth2, {
      tokenUrl: server.url,
      clientId: "a client",
      scope: "hooks",
      authentication: "body",
    });
    for (const secret of [oauth2.clientSecret, "token-1"]) assert.deepEqual(await tablesWith(stage.ctx, secret), []);
    await updateEndpoint(stage.ctx, id, { oauth2: null });
    await stage.announceMany(1);
    await stage.processAll();
    assert.equal(receiver.requests.at(-1)?.headers.authorization, undefined);
  });

  it("is not called without one, and the attempt says so", async () => {
    for (const [answer, detail] of [
      [{ status: 400, body: '{"error":"invalid_client"}' }, /answered 400/],
      [{ status: 200, body: "<html>" }, /no bearer token/],
      [{ status: 200, body: '{"access_token":"a\\r\\nb","token_type":"bearer"}' }, /no bearer token/],
      [{ status: 200, body: '{"access_token":"a","token_type":"mac"}' }, /no bearer token/],
    ] as const) {
      await using server = await startReceiver(() => answer);
      await using receiver = await startReceiver();
      await using stage = await startDeliveryStage();
      await stage.addEndpoint(receiver.url, { oauth2: { ...oauth2, tokenUrl: server.url } });
      stage.startPump();
      await stage.announceMany(1);
      await stage.processAll();
      const [attempt] = await stage.attempts();
      assert.equal(attempt?.outcome, "no_credentials");
      assert.match(attempt?.error ?? "", detail);
      assert.equal(receiver.requests.length, 0);
      assert.equal((await stage.deliveries())[0]?.state, "pending");
    }
  });
});

describe("an endpoint that asks for a certificate", () => {
  const trusted = selfSignedCertificate(["hook.test"]);
  const own = selfSignedCertificate(["client.test"]);
  const authorities = getCACertificates("default");
  before(() => setDefaultCACertificates([...authorities, trusted.cert]));
  after(() => setDefaultCACertificates(authorities));

  it("is shown the one that was given to it, and no other endpoint of the same host is", async () => {
    const seen: (string | undefined)[] = [];
    const server = createServer({ ...trusted, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      seen.push((request.socket as TLSSocket).getPeerX509Certificate()?.subject);
      request.resume().on("end", () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const outbound = loopbackOutbound(answering({ "hook.test": [["127.0.0.1"]] }));
    try {
      await using stage = await startDeliveryStage({ outbound });
      const url = `https://hook.test:${port}/`;
      const clientCertificate = { certificate: own.cert, privateKey: own.key };
      const { id } = await stage.addEndpoint(url, { eventTypes: ["a"], clientCertificate });
      await stage.addEndpoint(url, { eventTypes: ["b"] });
      stage.startPump();
      for (const type of ["a", "b", "a"]) {
        await stage.announce({ type });
        await stage.processAll();
      }
      assert.deepEqual(seen, ["CN=client.test", undefined, "CN=client.test"]);
      const shown = (await getEndpoint(stage.ctx, id)).clientCertificate;
      assert.equal(shown?.subject, "CN=client.test");
      assert.ok(!JSON.stringify(shown).includes("PRIVATE"));
      const [, secretLine = ""] = own.key.split("\n");
      assert.deepEqual(await tablesWith(stage.ctx, secretLine), []);
      await assert
        .rejects(
          stage
            .addEndpoint(url, { clientCertificate: { certificate: own.cert, privateKey: trusted.key } })
            .then(() => undefined),
          undefined,
        )
        .catch(() => undefined);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
