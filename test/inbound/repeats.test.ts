import assert from "node:assert/strict";
import { forgetExpiredKeys } from "../../src/events/forget-expired-keys.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { github, newDeliveryId, openSource, type SenderSource, senders, slack, storedOf, stripe } from "./senders.ts";

interface Seen {
  readonly events: readonly { readonly id: string; readonly conflict: boolean; readonly headers: object }[];
  readonly tasks: readonly { readonly id: string; readonly agent: string }[];
}

describe("bad input, rows 16-19: repeats", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
    for (const name of ["triager", "archivist"]) {
      await test.call("POST", "/api/v1/agents", { name, runner: { type: "pull" } });
      const route = { name: `all to ${name}`, agent: name, task: { input: "${event.deliveryId}" } };
      assert.equal((await test.call("POST", "/api/v1/routes", route)).status, 201);
    }
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  /** What is stored of a source. */
  async function seenOf({ id }: SenderSource): Promise<Seen> {
    const { data: events } = (await test.call("GET", `/api/v1/events?sourceId=${id}`)).body;
    const tasks = [];
    for (const event of events)
      tasks.push(...(await test.call("GET", `/api/v1/tasks?sourceEventId=${event.id}`)).body.data);
    return { events, tasks };
  }

  for (const sender of senders) {
    it(`16: an exact replay from ${sender.provider} is a duplicate of the first`, async () => {
      const source = await openSource(test, sender);
      const delivery = { id: newDeliveryId() };
      const first = storedOf(await source.send(delivery));
      assert.equal(first.duplicate, false);
      for (const _ of [1, 2])
        assert.deepEqual(storedOf(await source.send(delivery)), { eventId: first.eventId, duplicate: true });
      const { events, tasks } = await seenOf(source);
      assert.deepEqual(
        events.map(({ id, conflict }) => [id, conflict]),
        [[first.eventId, false]],
      );
      assert.deepEqual(tasks.map(({ agent }) => agent).toSorted(), ["archivist", "triager"]);
    });

    it(`17: fifty at once from ${sender.provider} make one event and one set of tasks`, async () => {
      const source = await openSource(test, sender);
      const delivery = { id: newDeliveryId() };
      const answers = (await Promise.all(Array.from({ length: 50 }, () => source.send(delivery)))).map(storedOf);
      assert.equal(answers.filter(({ duplicate }) => !duplicate).length, 1);
      assert.equal(new Set(answers.map(({ eventId }) => eventId)).size, 1);
      const { events, tasks } = await seenOf(source);
      assert.deepEqual([events.length, tasks.length], [1, 2]);
    });
  }

  it("17: fifty at once to two hubs make one event and one set of tasks", async () => {
    const another = await test.startAnother("web");
    const source = await openSource(test, github);
    const there = source.url.replace(test.url, another.url);
    const delivery = { id: newDeliveryId() };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => source.send(index % 2 === 0 ? delivery : { ...delivery, url: there })),
    );
    assert.equal(answers.map(storedOf).filter(({ duplicate }) => !duplicate).length, 1);
    const { events, tasks } = await seenOf(source);
    assert.deepEqual([events.length, tasks.length], [1, 2]);
  });

  it("17: many ids, each sent several times at once to two hubs in any order, make one event each", async () => {
    const another = await test.startAnother("web");
    const source = await openSource(test, github);
    const urls = [source.url, source.url.replace(test.url, another.url)];
    const ids = Array.from({ length: 20 }, newDeliveryId);
    const sent = [...ids, ...ids.toReversed(), ...ids].map((id, index) =>
      source.send({ id, url: urls[index % 2] ?? "" }),
    );
    const answers = (await Promise.all(sent)).map(storedOf);
    assert.equal(answers.filter(({ duplicate }) => !duplicate).length, 20);
    const { events, tasks } = await seenOf(source);
    assert.deepEqual([events.length, tasks.length], [20, 40]);
  });

  for (const sender of [github, stripe])
    it(`18: the same id from ${sender.provider} with another signed body is a duplicate, and flags the event`, async () => {
      const source = await openSource(test, sender);
      const id = newDeliveryId();
      const first = storedOf(await source.send({ id }));
      const other = storedOf(await source.send({ id, body: sender.bodyOf(id).replace("{", '{"more":1,') }));
      assert.deepEqual(other, { eventId: first.eventId, duplicate: true });
      const { events, tasks } = await seenOf(source);
      assert.deepEqual([events.length, events[0]?.conflict, tasks.length], [1, true, 2]);
      const body = await test.call("GET", `/api/v1/events/${first.eventId}/body`);
      assert.deepEqual(body.body, JSON.parse(sender.bodyOf(id)));
    });

  it("18: the same id with two bodies at once stores one of them, and flags it", async () => {
    const source = await openSource(test, github);
    const id = newDeliveryId();
    const answers = await Promise.all(["{}", '{"a":1}', "{}", '{"a":1}'].map((body) => source.send({ id, body })));
    assert.equal(answers.map(storedOf).filter(({ duplicate }) => !duplicate).length, 1);
    const { events, tasks } = await seenOf(source);
    assert.deepEqual([events.length, events[0]?.conflict, tasks.length], [1, true, 2]);
  });

  it("19: the same id on another source is another event", async () => {
    const [one, other] = [await openSource(test, github), await openSource(test, github)];
    const delivery = { id: newDeliveryId() };
    const first = storedOf(await one.send(delivery));
    const second = storedOf(await other.send(delivery));
    assert.deepEqual([first.duplicate, second.duplicate], [false, false]);
    assert.notEqual(first.eventId, second.eventId);
    for (const source of [one, other]) assert.equal((await seenOf(source)).tasks.length, 2);
  });

  it("a repeat is known by the provider's id, whatever else of it has changed", async () => {
    const source = await openSource(test, slack);
    const id = newDeliveryId();
    const retry = [
      ["X-Slack-Retry-Num", "2"],
      ["X-Slack-Retry-Reason", "http_timeout"],
    ] as const;
    // The first try never reached the hub.
    const first = storedOf(await source.send({ id, alter: (headers) => [...headers, ...retry] }));
    assert.equal(
      storedOf(await source.send({ id, timestamp: String(Math.floor(test.clock.now() / 1000) - 60) })).duplicate,
      true,
    );
    const { events } = await seenOf(source);
    assert.deepEqual([events.length, events[0]?.id], [1, first.eventId]);
    const headers = events[0]?.headers as Record<string, string>;
    assert.deepEqual([headers["x-slack-retry-num"], headers["x-slack-retry-reason"]], ["2", "http_timeout"]);
  });

  it("a delivery id is forgotten when its window has passed, and the event stays", async () => {
    const source = await openSource(test, github);
    const delivery = { id: newDeliveryId() };
    const windowSeconds = test.hub.services.settings.inbound.dedupeWindowHours * 3600;
    const first = storedOf(await source.send(delivery));
    test.clock.advanceBy(windowSeconds - 10);
    assert.equal(storedOf(await source.send(delivery)).duplicate, true);
    test.clock.advanceBy(20);
    const [second, ...rest] = await Promise.all(Array.from({ length: 10 }, () => source.send(delivery)));
    const answers = [second, ...rest].map((answer) => storedOf(answer as NonNullable<typeof answer>));
    assert.equal(answers.filter(({ duplicate }) => !duplicate).length, 1);
    assert.notEqual(answers[0]?.eventId, first.eventId);
    const { events, tasks } = await seenOf(source);
    assert.deepEqual([events.length, tasks.length], [2, 4]);
    // The window begins anew.
    test.clock.advanceBy(windowSeconds - 10);
    assert.equal(storedOf(await source.send(delivery)).duplicate, true);
  });

  it("keys whose window has passed are removed by the thousands, and no other", async () => {
    const { services } = test.hub;
    const source = await openSource(test, github);
    const kept = { id: newDeliveryId() };
    const countKeys = async (): Promise<number> => {
      const rows = await services.db.query<{ keys: number }>(
        { text: "SELECT count(*)::int AS keys FROM event_keys" },
        [],
      );
      return rows[0]?.keys ?? 0;
    };
    await source.send();
    await services.db.query(
      {
        text: `INSERT INTO event_keys (hash, event_id, body_hash, expires_at)
               SELECT decode(md5(i::text), 'hex'), gen_random_uuid(), '', $1 FROM generate_series(1, 12000) i`,
      },
      [new Date(test.clock.now())],
    );
    test.clock.advanceBy(services.settings.inbound.dedupeWindowHours * 3600 + 10);
    await source.send(kept);
    await forgetExpiredKeys(services);
    assert.equal(await countKeys(), 1);
    assert.equal(storedOf(await source.send(kept)).duplicate, true);
  });
});
