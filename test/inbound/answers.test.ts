import assert from "node:assert/strict";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { headerOf, type RawAnswer } from "./raw-http.ts";
import { custom, github, openSource, type SenderSource, senders, slack, storedOf } from "./senders.ts";

describe("bad input, rows 44-46: handshakes and the source's own answer", () => {
  let test: TestHub;
  let source: SenderSource;
  before(async () => {
    test = await startTestHub();
    source = await openSource(test, slack);
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  const verification = (challenge: unknown): string =>
    JSON.stringify({ token: "Jhj5dZrVaK7ZwHHjRyZWjbDl", challenge, type: "url_verification" });

  async function expectNothingStored(): Promise<void> {
    assert.deepEqual((await test.call("GET", `/api/v1/events?sourceId=${source.id}`)).body.data, []);
  }

  /** What a browser could make of it. */
  function expectHarmless(answer: RawAnswer): void {
    assert.equal(headerOf(answer, "X-Content-Type-Options"), "nosniff");
    assert.match(headerOf(answer, "Content-Security-Policy") ?? "", /sandbox/);
    assert.equal(headerOf(answer, "Cache-Control"), "no-store");
  }

  it("answers Slack's url_verification with its challenge, and stores nothing", async () => {
    for (const challenge of ["3eZbrw1aBm2rZgRNFdxV2595E9CYMBjhzw", "ünïcödé ✓"]) {
      const answer = await source.send({ body: verification(challenge) });
      assert.deepEqual([answer.status, answer.body], [200, challenge]);
      assert.equal(headerOf(answer, "Content-Type"), "text/plain; charset=utf-8");
    }
    await expectNothingStored();
  });

  it("answers Slack's ssl_check with an empty 200", async () => {
    const answer = await source.send({ body: "ssl_check=1&token=x", contentType: "application/x-www-form-urlencoded" });
    assert.deepEqual([answer.status, answer.body], [200, ""]);
    await expectNothingStored();
  });

  it("45: a forged handshake is a 401 and echoes nothing", async () => {
    const body = verification("echo me");
    const old = String(Math.floor(test.clock.now() / 1000) - 400);
    for (const delivery of [
      { body, secret: slack.otherSecret },
      { body, timestamp: old },
      { body, alter: () => [["Content-Type", "application/json"]] as const },
      { body, replaceBody: (bytes: Buffer) => Buffer.from(bytes.toString().replace("echo me", "echo you")) },
    ]) {
      const answer = await source.send(delivery);
      assert.equal(answer.status, 401);
      assert.doesNotMatch(answer.body, /echo/);
    }
    await expectNothingStored();
  });

  it("45: another provider's handshake is an event like any other", async () => {
    const other = await openSource(test, github);
    assert.equal(storedOf(await other.send({ body: verification("echo me") })).duplicate, false);
  });

  it("46: a challenge that contains HTML is text, and nothing that a browser runs", async () => {
    const challenge = "<!doctype html><script>alert(document.domain)</script>";
    const answer = await source.send({ body: verification(challenge) });
    assert.deepEqual([answer.status, answer.body], [200, challenge]);
    assert.equal(headerOf(answer, "Content-Type"), "text/plain; charset=utf-8");
    expectHarmless(answer);
  });

  it("46: a challenge that is no text, or endless, is a 400", async () => {
    for (const challenge of [undefined, null, "", { a: 1 }, ["x"], "x".repeat(100_000)]) {
      const answer = await source.send({ body: verification(challenge) });
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [400, "malformed"]);
    }
    await expectNothingStored();
  });

  describe("the answer to an event", () => {
    for (const sender of senders)
      it(`is the hub's own for ${sender.provider} when the source says nothing`, async () => {
        const answer = await (await openSource(test, sender)).send();
        assert.match(answer.body, /^\{"eventId":"evt_[0-9a-z]{26}","duplicate":false\}$/);
        assert.equal(headerOf(answer, "Content-Type"), "application/json; charset=utf-8");
      });

    for (const [what, response, expected] of [
      ["a status", { status: 202 }, [202, /^\{"eventId":"evt_/, "application/json; charset=utf-8"]],
      ["a text", { body: "[accepted]" }, [200, /^\[accepted\]$/, "text/plain; charset=utf-8"]],
      ["an object", { status: 201, body: { ok: true } }, [201, /^\{"ok":true\}$/, "application/json; charset=utf-8"]],
      ["XML", { body: "<Response/>", contentType: "text/xml" }, [200, /^<Response\/>$/, "text/xml; charset=utf-8"]],
      ["an empty text", { body: "" }, [200, /^$/, "text/plain; charset=utf-8"]],
      ["no content", { status: 204 }, [204, /^$/, undefined]],
    ] as const)
      it(`is ${what} when the source says so, for repeats as well`, async () => {
        const own = await openSource(test, custom, { response });
        const delivery = { id: "the same" };
        for (const _ of ["first", "repeat"]) {
          const answer = await own.send(delivery);
          assert.equal(answer.status, expected[0]);
          assert.match(answer.body, expected[1]);
          assert.equal(headerOf(answer, "Content-Type"), expected[2]);
          if ("body" in response) expectHarmless(answer);
          // RFC 9110 §8.6: a 204 has no Content-Length.
          assert.equal(headerOf(answer, "Content-Length") === undefined, response.status === 204);
        }
        const events = await test.call("GET", `/api/v1/events?sourceId=${own.id}`);
        assert.equal(events.body.data.length, 1);
        assert.equal((await own.send({ secret: custom.otherSecret })).status, 401);
      });
  });
});
