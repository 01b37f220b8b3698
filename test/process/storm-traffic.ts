import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { clientOf, type TestAnswer } from "../support/test-hub.ts";

/** What a storm is sent to and worked on with. */
export interface StormTarget {
  readonly sourcePath: string;
  readonly secret: string;
  readonly workerKey: string;
  readonly agent: string;
  /** Names a hub, call by call. */
  readonly pickHub: () => string;
}

/** What an event of a storm says: the `n`th of its key. */
export interface StormEvent {
  readonly key: number;
  readonly n: number;
  readonly kind: "ordered" | "limited";
}

// As a provider would, only faster: whoever gets no answer tries again with the same delivery id.
const pauseMs = 20;

async function send({ sourcePath, secret, pickHub }: StormTarget, event: StormEvent): Promise<string> {
  const body = JSON.stringify({ action: "opened", ...event });
  const headers = {
    "content-type": "application/json",
    "x-github-event": "issues",
    "x-github-delivery": `${event.key}.${event.n}`,
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  };
  for (;;) {
    const answer = await fetch(pickHub() + sourcePath, { method: "POST", headers, body })
      .then(async (response) =>
        response.status === 200 ? ((await response.json()) as { eventId: string }) : undefined,
      )
      .catch(() => undefined);
    if (answer !== undefined) return answer.eventId;
    await delay(pauseMs);
  }
}

/**
 * Sends `perKey` events of each of `keys` keys, in bursts: those of a key one after the other, each as soon as the one before
 * was acknowledged, those of different keys side by side. `onAcknowledged` hears of each.
 */
export async function sendStorm(
  target: StormTarget,
  { keys, perKey, burst }: { readonly keys: number; readonly perKey: number; readonly burst: number },
  onAcknowledged: (eventId: string, event: StormEvent) => void,
): Promise<void> {
  const sendKey = async (key: number): Promise<void> => {
    for (let n = 0; n < perKey; n += 1) {
      const event: StormEvent = { key, n, kind: n % 3 === 0 ? "limited" : "ordered" };
      onAcknowledged(await send(target, event), event);
      if (n % burst === burst - 1) await delay(((key % 5) + 1) * 100);
    }
  };
  await Promise.all(Array.from({ length: keys }, (_, key) => sendKey(key)));
}

interface Leased {
  readonly task: { readonly id: string };
  readonly leaseToken: string;
}

/** Works on what there is until the signal aborts. Statuses that no worker should see are noted in `refusals`. */
export async function workOnStorm(
  { workerKey, agent, pickHub }: StormTarget,
  workers: number,
  signal: AbortSignal,
  refusals: Map<string, number>,
): Promise<void> {
  const call = async (path: string, body: object): Promise<TestAnswer | undefined> => {
    try {
      return await clientOf(pickHub(), workerKey)("POST", `/api/v1/worker/${path}`, body);
    } catch {
      await delay(pauseMs);
      return undefined;
    }
  };
  const refuse = (what: string): void => void refusals.set(what, (refusals.get(what) ?? 0) + 1);
  const complete = async ({ task, leaseToken }: Leased): Promise<void> => {
    for (;;) {
      const answer = await call(`tasks/${task.id}/complete`, { leaseToken, result: {} });
      if (answer !== undefined && answer.status !== 200) refuse(`complete: ${answer.status}`);
      if (answer !== undefined && answer.status < 500) return;
    }
  };
  const work = async (index: number): Promise<void> => {
    while (!signal.aborted) {
      const leased = await call("lease", { workerId: `worker ${index}`, agents: [agent], max: 25, waitSeconds: 1 });
      if (leased !== undefined && leased.status > 204) refuse(`lease: ${leased.status}`);
      if (leased?.status === 200) await Promise.all((leased.body.tasks as Leased[]).map(complete));
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, index) => work(index)));
}
