import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { holdCommits } from "../support/hold-commits.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { abandon, exchange, headerOf, headOf, type RawAnswer } from "./raw-http.ts";
import { github, openSource, storedOf } from "./senders.ts";

const maxBatch = 2;
const maxWaiting = 3;
const maxWaitingBytes = 64_000;

describe("bad input, row 50: floods", () => {
  let test: TestHub;
  before(async () => {
    const inbound = { maxBatch, concurrentBatches: 1, maxWaiting, maxWaitingBytes };
    test = await startTestHub({ settings: { inbound } });
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  async function gauge(name: string): Promise<number> {
    const { body } = await test.call("GET", "/metrics");
    return Number(new RegExp(`^${name} (\\d+)`, "m").exec(body)?.[1]);
  }

  async function until(name: string, value: number): Promise<void> {
    await eventually(async () => assert.equal(await gauge(name), value));
  }

  function expectOverloaded(answer: RawAnswer): void {
    assert.equal(answer.status, 503, answer.body);
    assert.equal(JSON.parse(answer.body).code, "overloaded");
    assert.match(headerOf(answer, "Retry-After") ?? "", /^\d+$/);
  }

  it("50: a source that is flooded answers 429 with Retry-After, and another one is unaffected", async () => {
    const flooded = await openSource(test, github, { rateLimitPerSecond: 1 });
    const other = await openSource(test, github);
    const answers: RawAnswer[] = [];
    for (let count = 0; count < 25; count += 1) {
      answers.push(await flooded.send());
      storedOf(await other.send());
    }
    const refused = answers.filter(({ status }) => status === 429);
    // The window of ten seconds may have begun anew once in between.
    assert.ok(refused.length === 15 || refused.length === 5, `${refused.length} of 25`);
    assert.equal(answers.filter(({ status }) => status === 200).length, 25 - refused.length);
    for (const answer of refused) {
      const seconds = Number(headerOf(answer, "Retry-After"));
      assert.ok(seconds >= 1 && seconds <= 10, `${seconds} s`);
      assert.equal(JSON.parse(answer.body).code, "rate_limited");
    }
  });

  it("50: what does not verify counts as well", async () => {
    const flooded = await openSource(test, github, { rateLimitPerSecond: 1 });
    const statuses = new Set<number>();
    for (let count = 0; count < 25; count += 1)
      statuses.add((await flooded.send({ secret: github.otherSecret })).status);
    assert.deepEqual([...statuses], [401, 429]);
  });

  it("takes a bounded number of deliveries to wait for a commit; more get 503, and those that wait are stored", async () => {
    const source = await openSource(test, github);
    storedOf(await source.send());
    const waiting: Promise<RawAnswer>[] = [];
    await holdCommits(test.database, async () => {
      // The first one is alone in its commit.
      for (let count = 1; count <= 1 + maxWaiting; count += 1) {
        waiting.push(source.send());
        await until("hookyard_inbound_waiting", count);
      }
      for (let count = 0; count < 3; count += 1) expectOverloaded(await source.send());
    });
    for (const answer of await Promise.all(waiting)) storedOf(answer);
    storedOf(await source.send());
    const events = await test.call("GET", `/api/v1/events?sourceId=${source.id}`);
    assert.equal(events.body.data.length, 1 + 1 + maxWaiting + 1);
  });

  it("takes bounded memory for bodies, half of it for one source, and gives it back", async () => {
    const sources = [await openSource(test, github), await openSource(test, github)];
    const body = JSON.stringify({ text: "x".repeat(14_000) });
    for (const source of sources) storedOf(await source.send());
    const waiting: Promise<RawAnswer>[] = [];
    await holdCommits(test.database, async () => {
      for (const source of sources) {
        for (const _ of [1, 2]) {
          waiting.push(source.send({ body }));
          await until("hookyard_inbound_waiting", waiting.length);
        }
        // 28 of 32 kB are taken.
        expectOverloaded(await source.send({ body }));
      }
    });
    for (const answer of await Promise.all(waiting)) storedOf(answer);
    await until("hookyard_inbound_bytes", 0);
    for (const source of sources) storedOf(await source.send({ body }));
  });

  it("counts a body of tiny chunks for what it costs, which is a hundred times its length", async () => {
    const source = await openSource(test, github);
    const { headers, body } = source.sign({ body: JSON.stringify({ text: "x".repeat(1_000) }) });
    storedOf(await source.send({ body }));
    const close = ["Connection", "close"] as const;
    const head = headOf("POST", source.url, [...headers, ["Transfer-Encoding", "chunked"], close]);
    const chunks = body.toString().replaceAll(/./g, "1\r\n$&\r\n");
    expectOverloaded(await exchange(source.url, head, chunks, "0\r\n\r\n"));
  });

  it("senders that go away in the middle of a body leave nothing behind", async () => {
    const source = await openSource(test, github);
    const { headers, body } = source.sign({ body: JSON.stringify({ text: "x".repeat(14_000) }) });
    const head = headOf("POST", source.url, [...headers, ["Content-Length", String(body.length + 1)]]);
    for (let count = 0; count < 20; count += 1) await abandon(source.url, head, body);
    await until("hookyard_inbound_bytes", 0);
    storedOf(await source.send({ body }));
  });
});
