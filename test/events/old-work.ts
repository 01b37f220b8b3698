import assert from "node:assert/strict";
import { fromWireId } from "../../src/lib/ids.ts";
import type { Services } from "../../src/platform/services.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import type { TestClient } from "../support/test-hub.ts";
import { type MainJob, sendDelivery, setUpMainJob } from "../support/traffic.ts";
import { startWorkingHub, type WorkingHub } from "../support/working-hub.ts";

export const daySeconds = 86_400;

/** A hub on which the main job is done, and time goes by. */
export interface OldWork extends AsyncDisposable {
  readonly hub: WorkingHub;
  readonly services: Services;
  readonly job: MainJob;
  readonly receiver: Receiver;
  readonly projectUuid: string;
  /** An event, its task completed with an artifact, its message delivered; answers with their ids. */
  finish(
    deliveryId: string,
  ): Promise<{ readonly eventId: string; readonly taskId: string; readonly messageId: string }>;
  /** An event whose task waits. */
  begin(deliveryId: string): Promise<string>;
  /** How many rows each of these tables has, those that are cut by days with all their days. */
  count(...tables: readonly string[]): Promise<number[]>;
  rows<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Starts it; the receiver answers with `body`. */
export async function startOldWork(body = "thanks"): Promise<OldWork> {
  const receiver = await startReceiver(() => ({ status: 200, body, headers: { "x-seen": body } }));
  const hub = await startWorkingHub();
  const { test } = hub;
  const { services } = test.hub;
  const job = await setUpMainJob(test.url, await test.keyFor("owner"), receiver.url);
  const work: TestClient = test.as(job.workerKey);
  const rows = async <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    await services.db.query<Row>({ text }, values);
  const begin = async (deliveryId: string): Promise<string> => {
    const sent = await sendDelivery(test.url, job, deliveryId);
    assert.equal(sent?.status, 200);
    return String(sent?.eventId);
  };
  return {
    hub,
    services,
    job,
    receiver,
    projectUuid: fromWireId("project", test.projectId) as string,
    begin,
    async finish(deliveryId) {
      const eventId = await begin(deliveryId);
      const [leased] = await hub.lease("triager", {}, work);
      assert.ok(leased);
      const artifact = await work(
        "PUT",
        `/api/v1/worker/tasks/${leased.task.id}/artifacts/note`,
        Buffer.from("a note"),
        {
          "lease-token": leased.leaseToken,
          "content-type": "text/plain",
        },
      );
      assert.ok(artifact.status < 300, JSON.stringify(artifact.body));
      const events = [{ seq: 1, type: "log", data: { line: `about ${deliveryId}` } }];
      assert.equal((await hub.say(leased, "events", { events }, work)).status, 200);
      assert.equal((await hub.say(leased, "complete", { result: { said: deliveryId } }, work)).status, 200);
      await test.hub.processAll();
      const { messages } = await hub.read(leased.task.id);
      return { eventId, taskId: leased.task.id, messageId: messages.at(-1).id };
    },
    count: async (...tables) => {
      const counts: number[] = [];
      for (const table of tables) {
        const [row] = await rows<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
        counts.push(row?.count ?? -1);
      }
      return counts;
    },
    rows,
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    },
  };
}
