import assert from "node:assert/strict";
import { announce } from "../../src/messages/announce.ts";
import { eventually } from "../support/eventually.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { uuidOf } from "../support/test-pipeline.ts";

interface Polled {
  readonly data: readonly { readonly id: string; readonly type: string; readonly data: object }[];
  readonly nextCursor?: string;
  readonly hasMore: boolean;
}

describe("messages that a subscriber fetches", () => {
  let test: TestHub;
  before(async () => void (test = await startTestHub()));
  after(() => test[Symbol.asyncDispose]());

  const subscriber = async (): Promise<string> =>
    (await test.call("POST", "/api/v1/subscribers", { name: "Behind a firewall" })).body.id;
  const publish = async (fields: object): Promise<string> => {
    const answer = await test.call("POST", "/api/v1/messages", { type: "a.b", data: {}, ...fields });
    assert.equal(answer.status, 202);
    return answer.body.id;
  };
  const poll = async (id: string, query = ""): Promise<Polled> => {
    const answer = await test.call("GET", `/api/v1/subscribers/${id}/messages/poll?${query}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const idsOf = ({ data }: Polled): string[] => data.map(({ id }) => id);

  it("are those for it and those for all, oldest first, page after page", async () => {
    const [own, other] = [await subscriber(), await subscriber()];
    const wanted = [
      await publish({ subscriberId: own, data: { n: 1 } }),
      await publish({}),
      await publish({ subscriberId: own }),
    ];
    await publish({ subscriberId: other });
    const first = await poll(own, "limit=2");
    assert.deepEqual([idsOf(first), first.hasMore], [wanted.slice(0, 2), true]);
    assert.deepEqual(first.data[0]?.data, { n: 1 });
    const second = await poll(own, `limit=2&cursor=${first.nextCursor}`);
    assert.deepEqual([idsOf(second), second.hasMore], [wanted.slice(2), false]);
    const third = await poll(own, `cursor=${second.nextCursor}`);
    assert.deepEqual([third.data, third.nextCursor], [[], second.nextCursor]);
    const later = await publish({ subscriberId: own });
    assert.deepEqual(idsOf(await poll(own, `cursor=${third.nextCursor}`)), [later]);
  });

  it("come again until they are acknowledged, for each reader by itself", async () => {
    const own = await subscriber();
    const ids = [await publish({ subscriberId: own }), await publish({ subscriberId: own })];
    const all = await poll(own, "limit=200");
    const acknowledge = async (body: object) =>
      await test.call("POST", `/api/v1/subscribers/${own}/messages/ack`, body);
    assert.deepEqual(idsOf(all).slice(-2), ids);
    assert.deepEqual(idsOf(await poll(own, "limit=200")), idsOf(all));
    const upTo = await poll(own, `limit=${all.data.length - 1}`);
    assert.equal((await acknowledge({ cursor: upTo.nextCursor })).status, 204);
    assert.deepEqual(idsOf(await poll(own)), ids.slice(1));
    assert.deepEqual(idsOf(await poll(own, "consumer=other&limit=200")), idsOf(all));
    assert.equal((await acknowledge({ cursor: all.nextCursor, consumer: "other" })).status, 204);
    assert.deepEqual((await poll(own, "consumer=other")).data, []);
    assert.equal((await acknowledge({ cursor: "nonsense" })).status, 422);
    assert.equal((await acknowledge({})).status, 422);
    const foreign = await poll(await subscriber(), "limit=1");
    const others = await publish({ subscriberId: await subscriber() });
    assert.ok(foreign.nextCursor !== undefined);
    const cursor = Buffer.from(others).toString("base64url");
    assert.deepEqual((await acknowledge({ cursor })).body.errors[0].path, "cursor");
  });

  it("are not passed over when an older transaction commits after a newer one", async () => {
    const own = await subscriber();
    const { services } = test.hub;
    const base = { projectId: uuidOf("project", test.projectId), type: "late.one", data: {} };
    const subscriberId = uuidOf("subscriber", own);
    const start = (await poll(own, "limit=200")).nextCursor;
    const after = start === undefined ? "" : `cursor=${start}`;
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const { promise: isStored, resolve: stored } = Promise.withResolvers<void>();
    const slow = services.db.transaction(async (tx) => {
      const [id] = await announce(tx, services, [{ ...base, subscriberId }]);
      stored();
      await mayCommit;
      return id;
    });
    await isStored;
    const quick = await publish({ subscriberId: own });
    const early = await poll(own, after);
    assert.deepEqual(idsOf(early), [], "what was stored later waits for it");
    commit();
    await slow;
    // Postgres numbers the transactions of all its databases together: one of another test's holds it back as well.
    await eventually(async () => {
      const both = await poll(own, after);
      assert.deepEqual([both.data[0]?.type, idsOf(both)[1]], ["late.one", quick]);
    });
  });

  it("are not there for other projects", async () => {
    const own = await subscriber();
    const other = await test.inAnotherProject();
    assert.equal((await other("GET", `/api/v1/subscribers/${own}/messages/poll`)).status, 404);
    assert.equal((await other("POST", `/api/v1/subscribers/${own}/messages/ack`, { cursor: "x" })).status, 422);
    for (const query of ["limit=0", "limit=201", "cursor=x", "consumer=a%20b", "more=1"])
      assert.equal((await test.call("GET", `/api/v1/subscribers/${own}/messages/poll?${query}`)).status, 422);
  });
});
