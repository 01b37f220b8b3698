import assert from "node:assert/strict";
import { github, openSource, type SenderSource, storedOf } from "../inbound/senders.ts";
import type { TestAnswer, TestClient, TestHub } from "../support/test-hub.ts";

/** A project with a source, an agent and a route to it, and events to replay. */
export interface ReplayBench {
  readonly source: SenderSource;
  readonly routeId: string;
  /** Sends so many `issues.opened`; answers with their ids, oldest first. */
  send(count: number, action?: string): Promise<string[]>;
  /** Starts a replay, or refuses to. */
  start(request: object, status?: number): Promise<TestAnswer["body"]>;
  read(replayId: string): Promise<TestAnswer["body"]>;
  /** What routes made of an event in a generation. */
  decisions(eventId: string, generation: number): Promise<TestAnswer["body"][]>;
  /** Of each of these events, how many tasks it has. */
  tasksOf(eventIds: readonly string[]): Promise<number[]>;
}

/** Sets it up in the project of `call`. `route` are fields of the route. */
export async function openReplayBench(test: TestHub, call: TestClient, route: object = {}): Promise<ReplayBench> {
  const expect = async (status: number, answer: Promise<TestAnswer>): Promise<TestAnswer["body"]> => {
    const { status: got, body } = await answer;
    assert.equal(got, status, JSON.stringify(body));
    return body;
  };
  await expect(201, call("POST", "/api/v1/agents", { name: "triager", runner: { type: "pull" } }));
  const source = await openSource({ ...test, call, clock: test.clock }, github);
  const fields = { name: "triage", agent: "triager", task: { input: "${event.deliveryId}" }, ...route };
  const { id: routeId } = await expect(201, call("POST", "/api/v1/routes", fields));
  const event = (id: string): Promise<TestAnswer["body"]> => expect(200, call("GET", `/api/v1/events/${id}`));
  return {
    source,
    routeId,
    async send(count, action = "opened") {
      const ids: string[] = [];
      for (let sent = 0; sent < count; sent += 1) {
        const body = JSON.stringify({ action, issue: { number: sent } });
        ids.push(storedOf(await source.send({ body })).eventId);
      }
      return ids;
    },
    start: (request, status = 202) => expect(status, call("POST", "/api/v1/events/replay", request)),
    read: (replayId) => expect(200, call("GET", `/api/v1/replays/${replayId}`)),
    decisions: async (eventId, generation) =>
      (await event(eventId)).decisions.filter((each: TestAnswer["body"]) => each.generation === generation),
    tasksOf: async (eventIds) => {
      const counts: number[] = [];
      for (const id of eventIds) counts.push((await event(id)).tasks.length);
      return counts;
    },
  };
}
