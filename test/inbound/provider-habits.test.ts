import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { compileProvider } from "../../src/sources/compile-scheme.ts";
import { providers } from "../../src/sources/providers/catalogue.ts";
import { signSample } from "../../src/sources/sign-sample.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { headerOf, type RawAnswer, request } from "./raw-http.ts";
import { newDeliveryId } from "./senders.ts";

const emptyText = [200, "", "text/plain; charset=utf-8"];

describe("a source of a provider with habits of its own", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  async function open(provider: string, secret: string, changes: object = {}): Promise<{ id: string; url: string }> {
    const input = { name: provider, provider, secrets: [secret], ...changes };
    const { status, body } = await test.call("POST", "/api/v1/sources", input);
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  }

  async function sendSample(provider: string, secret: string, { url }: { url: string }): Promise<RawAnswer> {
    const known = providers.get(provider);
    const scheme = known && compileProvider(known);
    assert.ok(scheme !== undefined && known?.sample !== undefined);
    const moment = { id: newDeliveryId(), nowMs: test.clock.now(), url };
    const signed = signSample(scheme, secret, moment, known.sample);
    assert.ok(signed.ok);
    return await request("POST", url, signed.headers, signed.rawBody);
  }

  const told = (answer: RawAnswer) => [answer.status, answer.body, headerOf(answer, "Content-Type")];

  it("answers Shopify with 200", async () => {
    const source = await open("shopify", "shop secret");
    const answer = await sendSample("shopify", "shop secret", source);
    assert.equal(answer.status, 200);
    assert.match(answer.body, /^\{"eventId":"evt_/);
  });

  it("answers Xero with an empty 200, also where its owner said 200", async () => {
    for (const changes of [{}, { response: { status: 200 } }]) {
      const source = await open("xero", "xero key", changes);
      assert.deepEqual(told(await sendSample("xero", "xero key", source)), emptyText);
      const events = await test.call("GET", `/api/v1/events?sourceId=${source.id}`);
      assert.equal(events.body.data.length, 1);
    }
  });

  it("answers Discord's PING with PONG, an interaction with its deferral and a webhook event with 204", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const hex = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
    const source = await open("discord", hex);
    const send = async (content: object): Promise<RawAnswer> => {
      const body = Buffer.from(JSON.stringify(content));
      const timestamp = String(Math.floor(test.clock.now() / 1000));
      const signature = sign(null, Buffer.concat([Buffer.from(timestamp), body]), privateKey).toString("hex");
      const headers = [
        ["Content-Type", "application/json"],
        ["X-Signature-Timestamp", timestamp],
        ["X-Signature-Ed25519", signature],
      ] as const;
      return await request("POST", source.url, headers, body);
    };
    const json = "application/json";
    const told = (answer: RawAnswer) => [answer.status, answer.body, headerOf(answer, "Content-Type")?.split(";")[0]];
    assert.deepEqual(told(await send({ type: 1 })), [200, '{"type":1}', json]);
    assert.deepEqual(told(await send({ id: "1", type: 2 })), [200, '{"type":5}', json]);
    assert.deepEqual(told(await send({ id: "2", type: 1, event: { type: "ENTITLEMENT_CREATE" } })), [
      204,
      "",
      undefined,
    ]);
  });

  it("answers Twilio with TwiML that says nothing, and Adyen with [accepted]", async () => {
    for (const [provider, secret, expected] of [
      ["twilio", "an auth token", /^(<\?xml[^>]*>)?<Response ?\/?>(<\/Response>)?$/],
      ["adyen", "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056", /^\[accepted\]$/],
    ] as const) {
      const source = await open(provider, secret);
      const answer = await sendSample(provider, secret, source);
      assert.equal(answer.status, 200, answer.body);
      assert.match(answer.body, expected);
    }
  });

  it("keeps the secret that Asana hands over, once, and verifies by it", async () => {
    const input = { name: "asana", provider: "asana", secrets: [] };
    const { status, body: source } = await test.call("POST", "/api/v1/sources", input);
    assert.deepEqual([status, source.liveSecrets], [201, []]);
    const secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    assert.equal((await sendSample("asana", secret, source)).status, 401, "before there is a secret");
    const ask = (offered: string) => request("POST", source.url, [["X-Hook-Secret", offered]], Buffer.from("{}"));
    const answer = await ask(secret);
    assert.deepEqual([answer.status, headerOf(answer, "X-Hook-Secret")], [200, secret]);
    assert.equal((await sendSample("asana", secret, source)).status, 200);
    const forged = await ask(secret.replaceAll("b", "c"));
    assert.deepEqual([forged.status, headerOf(forged, "X-Hook-Secret")], [401, undefined]);
    assert.equal((await sendSample("asana", secret, source)).status, 200);
    await test.hub.processAll();
    const { data } = (await test.call("GET", `/api/v1/sources/${source.id}/rejections`)).body;
    assert.deepEqual(
      data.map(({ reason }: { reason: string }) => reason),
      ["secret_already_known", "no_live_secret"],
    );
  });

  describe("that sends several events at once", () => {
    const secret = "line secret";
    const item = (id: string, text: string) =>
      `{"type":"message","webhookEventId":"${id}","n":9007199254740993,"t":"${text}"}`;
    const send = async (url: string, items: readonly string[]): Promise<RawAnswer> => {
      const body = Buffer.from(`{"destination":"x", "events":[${items.join(" , ")}]}`);
      const signature = createHmac("sha256", secret).update(body).digest("base64");
      return await request(
        "POST",
        url,
        [
          ["Content-Type", "application/json"],
          ["X-Line-Signature", signature],
        ],
        body,
      );
    };
    const eventsOf = async (id: string) => (await test.call("GET", `/api/v1/events?sourceId=${id}`)).body.data;

    it("stores one event for all of them, unless the source asks for one each, with their own bytes and ids", async () => {
      const whole = await open("line", secret);
      assert.equal((await send(whole.url, [item("01A", "a"), item("01B", "b")])).status, 200);
      assert.equal((await eventsOf(whole.id)).length, 1);

      const { id, url } = await open("line", secret, { verification: { split: true } });
      const first = JSON.parse((await send(url, [item("01A", "a"), item("01B", "b")])).body);
      const events = await eventsOf(id);
      assert.deepEqual(events.map(({ deliveryId }: { deliveryId: string }) => deliveryId).toSorted(), ["01A", "01B"]);
      assert.ok(events.some((event: { id: string }) => event.id === first.eventId));
      const { id: eventId } = events.find(({ deliveryId }: { deliveryId: string }) => deliveryId === "01B");
      const key = await test.keyFor("viewer");
      const bytes = await fetch(`${test.url}/api/v1/events/${eventId}/body`, {
        headers: { authorization: `Bearer ${key}` },
      });
      assert.equal(await bytes.text(), item("01B", "b"));
      // The provider packs anew when it tries again.
      const again = JSON.parse((await send(url, [item("01B", "b"), item("01C", "c")])).body);
      assert.deepEqual([again.eventId, again.duplicate], [eventId, false]);
      const repeat = JSON.parse((await send(url, [item("01C", "c")])).body);
      assert.equal(repeat.duplicate, true);
      assert.equal((await eventsOf(id)).length, 3);
    });
  });

  for (const provider of [...providers.values()].filter(({ successStatus }) => successStatus !== undefined))
    it(`refuses an answer that ${provider.name} takes for a failure`, async () => {
      const secret = "0123456789abcdef0123456789abcdef";
      const input = { name: "x", provider: provider.id, secrets: [secret], response: { status: 202 } };
      const { status, body } = await test.call("POST", "/api/v1/sources", input);
      assert.equal(status, 422);
      assert.ok(
        body.errors.some(({ path }: { path: string }) => path === "response.status"),
        JSON.stringify(body),
      );
    });

  it("refuses it in a change as well, and takes the status that the provider knows", async () => {
    const { id } = await open("shopify", "x", { response: { status: 200, body: "ok" } });
    const path = `/api/v1/sources/${id}`;
    assert.equal((await test.call("PATCH", path, { response: { status: 204 } })).status, 422);
    assert.equal((await test.call("PATCH", path, { response: { body: "fine" } })).status, 200);
    assert.equal((await test.call("PATCH", path, { response: null })).status, 200);
  });

  describe("with settings of its own", () => {
    const body = Buffer.from(JSON.stringify({ kind: "nightly", run: 7 }));

    it("takes the credential from the header that it names, and the id and the type from where it says", async () => {
      const verification = {
        header: "X-Acme-Token",
        deliveryId: { pointer: "/run" },
        eventType: { joined: [{ header: "X-Acme-Job" }, { pointer: "/kind" }] },
      };
      const source = await open("api-key", "a token", { verification });
      const headers = [["X-Acme-Job", "backup"] as const];
      assert.equal((await request("POST", source.url, [...headers, ["X-Api-Key", "a token"]], body)).status, 401);
      assert.equal((await request("POST", source.url, [...headers, ["X-Acme-Token", "a token"]], body)).status, 200);
      const [event] = (await test.call("GET", `/api/v1/events?sourceId=${source.id}`)).body.data;
      assert.deepEqual([event.deliveryId, event.type], ["7", "backup.nightly"]);
      const shown = await test.call("GET", `/api/v1/sources/${source.id}`);
      assert.deepEqual(shown.body.verification, verification);
      // Replaced as a whole: from now on as the catalogue has it.
      await test.call("PATCH", `/api/v1/sources/${source.id}`, { verification: {} });
      assert.equal((await request("POST", source.url, [...headers, ["X-Acme-Token", "a token"]], body)).status, 401);
      assert.equal((await request("POST", source.url, [...headers, ["X-Api-Key", "a token"]], body)).status, 200);
    });

    for (const [what, provider, verification, path] of [
      ["a header where the provider has one", "github", { header: "X-Other" }, "verification.header"],
      [
        "a delivery id where the provider has one",
        "stripe",
        { deliveryId: { pointer: "/x" } },
        "verification.deliveryId",
      ],
      ["a header that is none", "api-key", { header: "not a header" }, "verification.header"],
      [
        "a setting beside a scheme that says it already",
        "custom",
        { scheme: { algorithm: "hmac-sha256", header: "x" }, header: "y" },
        "verification.header",
      ],
    ] as const)
      it(`refuses ${what}`, async () => {
        const input = { name: "x", provider, secrets: ["whsec_0123456789abcdef"], verification };
        const answer = await test.call("POST", "/api/v1/sources", input);
        assert.equal(answer.status, 422);
        const paths = answer.body.errors.map((error: { path: string }) => error.path);
        assert.ok(paths.includes(path), JSON.stringify(answer.body));
      });
  });
});
