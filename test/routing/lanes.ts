import assert from "node:assert/strict";
import { decidePending } from "../../src/routing/decide-pending.ts";
import { newDeliveryId, openSource, type SenderSource, github, storedOf } from "../inbound/senders.ts";
import { startTestHub, type TestAnswer, type TestHub } from "../support/test-hub.ts";

/** A hub without background work and a source of GitHub's, so that a test decides when lanes are decided. */
export interface Lanes extends AsyncDisposable {
  readonly test: TestHub;
  readonly source: SenderSource;
  /** Adds a route of all that comes in, to an agent of its own; answers with its wire id. */
  route(fields: object): Promise<string>;
  /** Changes a route. */
  change(routeId: string, fields: object): Promise<void>;
  /** Takes every route off, so that the next test starts with none. */
  clear(): Promise<void>;
  /** Sends an `issues.opened` with this body; answers with the event's wire id. */
  send(body?: object): Promise<string>;
  /** Decides until there is nothing to decide. */
  decide(): Promise<void>;
  /** Puts the clock forward, and decides. */
  pass(seconds: number): Promise<void>;
  event(id: string): Promise<TestAnswer["body"]>;
  /** `[outcome, reason]` of an event's decisions. */
  outcomes(id: string): Promise<string[][]>;
  /** The tasks of a route, oldest first. */
  tasks(routeId: string): Promise<TestAnswer["body"][]>;
  count(table: string): Promise<number>;
}

export async function startLanes(): Promise<Lanes> {
  const test = await startTestHub({ role: "web" });
  const source = await openSource(test, github).catch(async (error: unknown) => {
    await test[Symbol.asyncDispose]();
    throw error;
  });
  const { db } = test.hub.services;
  let names = 0;
  const expect = async (status: number, answer: Promise<TestAnswer>): Promise<TestAnswer["body"]> => {
    const { status: got, body } = await answer;
    assert.equal(got, status, JSON.stringify(body));
    return body;
  };
  const lanes: Lanes = {
    test,
    source,
    route: async (fields) => {
      names += 1;
      const agent = `agent-${names}`;
      await expect(201, test.call("POST", "/api/v1/agents", { name: agent, runner: { type: "pull" } }));
      const task = { input: "${event.deliveryId}" };
      const route = { name: `route ${names}`, sourceId: source.id, agent, task, ...fields };
      return (await expect(201, test.call("POST", "/api/v1/routes", route))).id;
    },
    change: async (routeId, fields) =>
      void (await expect(200, test.call("PATCH", `/api/v1/routes/${routeId}`, fields))),
    clear: async () => {
      const { data } = await expect(200, test.call("GET", "/api/v1/routes?limit=100"));
      for (const { id } of data) await test.call("DELETE", `/api/v1/routes/${id}`);
      await lanes.decide();
    },
    send: async (body = {}) => {
      const payload = JSON.stringify({ action: "opened", ...body });
      return storedOf(await source.send({ id: newDeliveryId(), body: payload })).eventId;
    },
    decide: async () => {
      while ((await decidePending(test.hub.services)) > 0);
    },
    pass: async (seconds) => {
      test.clock.advanceBy(seconds);
      await lanes.decide();
    },
    event: (id) => expect(200, test.call("GET", `/api/v1/events/${id}`)),
    outcomes: async (id) =>
      (await lanes.event(id)).decisions.map(({ outcome, reason }: { outcome: string; reason?: string }) =>
        reason === undefined ? [outcome] : [outcome, reason],
      ),
    tasks: async (routeId) => {
      const { data } = await expect(200, test.call("GET", "/api/v1/tasks?limit=200"));
      const ids = data
        .filter((task: { routeId?: string }) => task.routeId === routeId)
        .map((task: { id: string }) => task.id);
      const tasks = [];
      for (const id of ids.toReversed()) tasks.push(await expect(200, test.call("GET", `/api/v1/tasks/${id}`)));
      return tasks;
    },
    count: async (table) => {
      const [row] = await db.query<{ count: number }>({ text: `SELECT count(*)::int FROM ${table}` }, []);
      return row?.count ?? 0;
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
  return lanes;
}
