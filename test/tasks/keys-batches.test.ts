import assert from "node:assert/strict";
import type { AgentRecord } from "../../src/agents/agent-cache.ts";
import { fromWireId, toWireId } from "../../src/lib/ids.ts";
import type { Transaction } from "../../src/platform/database.ts";
import { type EnqueueOutcome, enqueueTasks, type TaskDraft } from "../../src/tasks/enqueue-tasks.ts";
import { settleTasks } from "../../src/tasks/settle-tasks.ts";
import type { TaskKeys } from "../../src/tasks/task-keys.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

/** The transaction, and the names of the statements that went through it. */
function watched(tx: Transaction): { readonly tx: Transaction; readonly names: string[] } {
  const names: string[] = [];
  const query: Transaction["query"] = (statement, values) => {
    names.push(statement.name ?? "unnamed");
    return tx.query(statement, values);
  };
  const callbacks = { afterCommit: (callback: () => void) => tx.afterCommit(callback) };
  return {
    names,
    tx: {
      get kysely() {
        return tx.kysely;
      },
      query,
      ...callbacks,
    },
  };
}

describe("Drafts of one batch", () => {
  let hub: WorkingHub;
  before(async () => {
    hub = await startWorkingHub();
  });
  after(() => hub[Symbol.asyncDispose]());

  const agentOf = async (name: string): Promise<AgentRecord> => {
    const { agents, db } = hub.test.hub.services;
    const [row] = await db.query<{ id: string }>({ text: "SELECT id FROM agents WHERE name = $1" }, [name]);
    const agent = await agents.get(db, row?.id ?? "");
    assert.ok(agent !== undefined);
    return agent;
  };
  const draft = (agent: AgentRecord, input: string, keys?: TaskKeys): TaskDraft => ({
    id: hub.test.hub.services.newId(),
    projectId: fromWireId("project", hub.test.projectId) ?? "",
    agent,
    input,
    priority: 0,
    ...(keys === undefined ? {} : { keys }),
  });
  const enqueue = (drafts: readonly TaskDraft[]): Promise<readonly EnqueueOutcome[]> => {
    const { services } = hub.test.hub;
    return services.db.transaction((tx) => enqueueTasks(tx, services, drafts));
  };
  const leasedInputs = async (name: string): Promise<string[]> =>
    (await hub.lease(name, { max: 50 })).map(({ task }) => task.input).toSorted();

  it("count for each other, in their order", async () => {
    const name = await hub.agent();
    const agent = await agentOf(name);
    const scope = hub.test.hub.services.newId();
    const dedupe = (key: string): TaskKeys => ({ dedupe: { scope, key } });
    const drop: TaskKeys = { concurrency: { scope, key: "d", limit: 2, policy: "drop" } };
    const drafts = [
      draft(agent, "a1", dedupe("a")),
      draft(agent, "plain"),
      draft(agent, "a2", dedupe("a")),
      draft(agent, "b1", dedupe("b")),
      draft(agent, "d1", drop),
      draft(agent, "d2", drop),
      draft(agent, "d3", drop),
    ];
    const outcomes = await enqueue(drafts);
    assert.deepEqual(outcomes, [
      { outcome: "stored" },
      { outcome: "stored" },
      { outcome: "deduplicated", taskId: drafts[0]?.id },
      { outcome: "stored" },
      { outcome: "stored" },
      { outcome: "stored" },
      { outcome: "dropped" },
    ]);
    assert.deepEqual(await leasedInputs(name), ["a1", "b1", "d1", "d2", "plain"]);
    const [again] = await enqueue([draft(agent, "a3", dedupe("a"))]);
    assert.deepEqual(again, { outcome: "deduplicated", taskId: drafts[0]?.id });
  });

  it("stand in line in their order, of which one goes first", async () => {
    const name = await hub.agent();
    const agent = await agentOf(name);
    const scope = hub.test.hub.services.newId();
    const keys = (key: string): TaskKeys => ({
      order: { scope, key, onFailure: "continue" },
      concurrency: { scope, key: "all", limit: 2, policy: "queue" },
    });
    const inputs = ["a1", "b1", "a2", "c1", "b2", "a3"];
    await enqueue(inputs.map((input) => draft(agent, input, keys(input[0] ?? ""))));
    const order: string[] = [];
    for (
      let leases = await hub.lease(name, { max: 9 });
      leases.length > 0;
      leases = await hub.lease(name, { max: 9 })
    ) {
      assert.ok(leases.length <= 2);
      for (const leased of leases) {
        order.push(leased.task.input);
        assert.equal((await hub.say(leased, "complete")).status, 200);
      }
    }
    assert.deepEqual(order.toSorted(), inputs.toSorted());
    for (const key of ["a", "b"]) {
      const ofKey = order.filter((input) => input.startsWith(key));
      assert.deepEqual(ofKey, ofKey.toSorted());
    }
  });

  it("supersede each other, so that the newest is left", async () => {
    const name = await hub.agent();
    const agent = await agentOf(name);
    const scope = hub.test.hub.services.newId();
    const cancel: TaskKeys = { concurrency: { scope, key: "k", limit: 1, policy: "cancel" } };
    const drafts = ["1", "2", "3"].map((input) => draft(agent, input, cancel));
    await enqueue(drafts);
    await hub.pass(0);
    assert.deepEqual(await leasedInputs(name), ["3"]);
    for (const { id } of drafts.slice(0, 2)) assert.equal((await hub.read(toWireId("task", id))).reason, "superseded");
  });

  it("settle together and hand their places to as many others", async () => {
    const name = await hub.agent();
    const agent = await agentOf(name);
    const scope = hub.test.hub.services.newId();
    const keys: TaskKeys = { concurrency: { scope, key: "k", limit: 3, policy: "queue" } };
    const drafts = ["1", "2", "3", "4", "5", "6", "7"].map((input) => draft(agent, input, keys));
    await enqueue(drafts);
    const { services } = hub.test.hub;
    const settlements = drafts.slice(0, 4).map(({ id }) => ({ taskId: id, to: "canceled" as const }));
    await services.db.transaction((tx) => settleTasks(tx, services, settlements));
    assert.deepEqual(await leasedInputs(name), ["5", "6", "7"]);
  });

  it("without keys or dependencies ask nothing more of the database than before", async () => {
    const name = await hub.agent();
    const agent = await agentOf(name);
    const { services } = hub.test.hub;
    const drafts = [draft(agent, "1"), draft(agent, "2")];
    const made = await services.db.transaction(async (tx) => {
      const seen = watched(tx);
      await enqueueTasks(seen.tx, services, drafts);
      return seen.names;
    });
    assert.deepEqual(made.map((each) => each.replace(/^queue_\d+$/, "job")).toSorted(), [
      "insert_plain_tasks",
      "job",
      "signal",
    ]);
    const settled = await services.db.transaction(async (tx) => {
      const seen = watched(tx);
      await settleTasks(
        seen.tx,
        services,
        drafts.map(({ id }) => ({ taskId: id, to: "canceled" as const })),
      );
      return seen.names;
    });
    for (const each of settled) assert.doesNotMatch(each, /key|line|place|turn|depend|ready/);
  });
});
