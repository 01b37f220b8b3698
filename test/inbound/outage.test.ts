import assert from "node:assert/strict";
import { toWireId } from "../../src/lib/ids.ts";
import { eventually } from "../support/eventually.ts";
import { holdCommits } from "../support/hold-commits.ts";
import { startTestHub, type TestHub } from "../support/test-hub.ts";
import { withoutDatabase } from "../support/without-database.ts";
import { headerOf, type RawAnswer } from "./raw-http.ts";
import { github, newDeliveryId, openSource, type SenderSource, senders, storedOf } from "./senders.ts";

function expectUnavailable(answer: RawAnswer): void {
  assert.equal(answer.status, 503, answer.body);
  assert.equal(JSON.parse(answer.body).code, "database_unavailable");
  assert.match(headerOf(answer, "Retry-After") ?? "", /^\d+$/);
}

describe("bad input, row 51: the database is away, or refuses", () => {
  let test: TestHub;
  before(async () => {
    test = await startTestHub();
    await test.call("POST", "/api/v1/agents", { name: "reader", runner: { type: "pull" } });
    await test.call("POST", "/api/v1/routes", { name: "all", agent: "reader", task: { input: "x" } });
  });
  after(async () => {
    await test[Symbol.asyncDispose]();
  });

  const run = (text: string): Promise<{ pid: number }[]> => test.hub.services.db.query({ text }, []);

  async function countsOf(source: SenderSource): Promise<{ events: number; tasks: number }> {
    const { data } = (await test.call("GET", `/api/v1/events?sourceId=${source.id}&limit=200`)).body;
    let tasks = 0;
    for (const { id } of data) tasks += (await test.call("GET", `/api/v1/tasks?sourceEventId=${id}`)).body.data.length;
    return { events: data.length, tasks };
  }

  it("51: every delivery is a 503 with Retry-After, and is stored when it comes again, without a restart", async () => {
    const sources = await Promise.all(senders.map((sender) => openSource(test, sender)));
    const cold = await openSource(test, github);
    for (const source of sources) storedOf(await source.send());
    const missed = sources.map((source) => ({ source, id: newDeliveryId() }));
    await withoutDatabase(test.database, async () => {
      for (const { source, id } of missed) expectUnavailable(await source.send({ id }));
      const burst = await Promise.all(Array.from({ length: 50 }, () => sources[0]?.send() ?? assert.fail()));
      for (const answer of burst) expectUnavailable(answer);
      // Neither is known not to be there.
      expectUnavailable(await cold.send());
      expectUnavailable(await cold.send({ url: `${test.url}/in/${toWireId("source", test.hub.services.newId())}` }));
    });
    for (const { source, id } of missed) {
      assert.equal(storedOf(await source.send({ id })).duplicate, false);
      assert.deepEqual(await countsOf(source), { events: 2, tasks: 2 });
    }
    storedOf(await cold.send());
  });

  it("51: what verifies not is a 401 even then", async () => {
    const source = await openSource(test, github);
    storedOf(await source.send());
    await withoutDatabase(test.database, async () => {
      assert.equal((await source.send({ secret: github.otherSecret })).status, 401);
    });
  });

  it("51: a commit whose connection breaks is a 503, and nothing of it is stored", async () => {
    const source = await openSource(test, github);
    storedOf(await source.send());
    const ids = Array.from({ length: 5 }, newDeliveryId);
    const stuck = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    await holdCommits(test.database, async () => {
      const answers = ids.map((id) => source.send({ id }));
      let open = answers.length;
      for (const answer of answers) void answer.finally(() => (open -= 1));
      await eventually(async () => {
        await run(`SELECT pg_terminate_backend(pid) FROM (${stuck}) s`);
        assert.equal(open, 0);
      });
      for (const answer of await Promise.all(answers)) expectUnavailable(answer);
    });
    assert.deepEqual(await countsOf(source), { events: 1, tasks: 1 });
    for (const id of ids) assert.equal(storedOf(await source.send({ id })).duplicate, false);
  });

  describe("a commit that fails", () => {
    /** A constraint that is checked at COMMIT and refuses events with this body. */
    const refuseAtCommit = async (body: string, work: () => Promise<void>): Promise<void> => {
      await run(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$`);
      await run(`CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON event_keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
                 WHEN (NEW.body_hash = substring(sha256('${body}'), 1, 16)) EXECUTE FUNCTION refuse()`);
      try {
        await work();
      } finally {
        await run("DROP FUNCTION refuse() CASCADE");
      }
    };
    const poison = '{"poison":true}';

    it("is no 2xx, though all its statements went well, and nothing is stored", async () => {
      const source = await openSource(test, github);
      const id = newDeliveryId();
      await refuseAtCommit(poison, async () => {
        const answer = await source.send({ id, body: poison });
        assert.equal(answer.status, 500);
        assert.doesNotMatch(answer.body, /refused|constraint|event_keys|at /);
        assert.deepEqual(await countsOf(source), { events: 0, tasks: 0 });
      });
      assert.equal(storedOf(await source.send({ id, body: poison })).duplicate, false);
    });

    it("does not fail its neighbours", async () => {
      const source = await openSource(test, github);
      const isPoison = (index: number): boolean => index % 20 === 7;
      const indexes = Array.from({ length: 60 }, (_, index) => index);
      await refuseAtCommit(poison, async () => {
        let answers: Promise<RawAnswer>[] = [];
        await holdCommits(test.database, async () => {
          answers = indexes.map((index) => source.send(isPoison(index) ? { body: poison } : {}));
          await eventually(async () => {
            const { body } = await test.call("GET", "/metrics");
            assert.match(body, /^hookyard_inbound_waiting 60$/m);
          });
        });
        assert.deepEqual(
          (await Promise.all(answers)).map(({ status }) => status),
          indexes.map((index) => (isPoison(index) ? 500 : 200)),
        );
      });
      assert.deepEqual(await countsOf(source), { events: 57, tasks: 57 });
    });
  });
});
