import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { sign } from "@octokit/webhooks-methods";
import { clientOf, type TestAnswer } from "./test-hub.ts";

/** A source, an agent, a route and an endpoint, and what a sender and a worker need to use them. */
export interface MainJob {
  /** Below the hub's address. */
  readonly sourcePath: string;
  readonly sourceSecret: string;
  readonly workerKey: string;
  readonly endpointSecret: string;
}

const agent = "triager";
const sourceSecret = "a GitHub secret";

/** Sets the main job up by the API of the hub at `url`: each `issues.opened` becomes a task, each end goes to `receiverUrl`. */
export async function setUpMainJob(url: string, adminKey: string, receiverUrl: string): Promise<MainJob> {
  const call = clientOf(url, adminKey);
  const create = async (path: string, body: object): Promise<TestAnswer["body"]> => {
    const answer = await call("POST", `/api/v1/${path}`, body);
    if (answer.status !== 201) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const source = await create("sources", { name: "github", provider: "github", secrets: [sourceSecret] });
  await create("agents", { name: agent, runner: { type: "pull" } });
  const match = { type: ["issues.opened"] };
  await create("routes", { name: "triage", agent, match, task: { input: "Triage ${event.body.issue.title}" } });
  const endpoint = await create("endpoints", { url: receiverUrl, eventTypes: ["task.completed"] });
  const worker = await create("keys", { name: "a worker", role: "worker", agents: [agent] });
  const sourcePath = new URL(source.url).pathname;
  return { sourcePath, sourceSecret, workerKey: worker.key, endpointSecret: endpoint.secret };
}

/** Sends a signed GitHub delivery; answers with the status, or undefined when there was no answer. */
export async function sendDelivery(
  url: string,
  job: MainJob,
  deliveryId: string,
): Promise<{ readonly status: number; readonly eventId?: string; readonly code?: string } | undefined> {
  const body = JSON.stringify({ action: "opened", issue: { title: `The issue of ${deliveryId}` } });
  const headers = {
    "content-type": "application/json",
    "x-github-event": "issues",
    "x-github-delivery": deliveryId,
    "x-hub-signature-256": await sign(job.sourceSecret, body),
  };
  try {
    const response = await fetch(url + job.sourcePath, { method: "POST", headers, body });
    return { status: response.status, ...((await response.json()) as object) };
  } catch {
    return undefined;
  }
}

/** Webhooks that come in, and workers that do what becomes of them, until they are told to stop. */
export interface Traffic {
  /** The event of each delivery that was answered with a 2xx, by delivery id. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** The tasks whose completion was answered with a 200, by id, and how often under a new lease. */
  readonly completions: ReadonlyMap<string, number>;
  /** Statuses other than 2xx, with how often they came. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Resolves once that many more deliveries have been acknowledged. */
  acknowledge(more: number): Promise<void>;
  /** Ends the sending. Each delivery that was begun is sent until it is acknowledged, as providers do. */
  stopSending(): Promise<void>;
  /** Ends the work. */
  stopWorking(): Promise<void>;
}

// As GitHub would, only faster: whoever gets no answer tries again with the same delivery id.
const pauseMs = 20;

/** Starts `senders` and `workers` against the hubs that `pickHub` names, call by call. */
export function startTraffic(
  job: MainJob,
  pickHub: () => string,
  { senders, workers }: { readonly senders: number; readonly workers: number },
): Traffic {
  const acknowledged = new Map<string, string>();
  const completions = new Map<string, number>();
  const refusals = new Map<string, number>();
  let wake = (): void => {};
  const sending = new AbortController();
  const working = new AbortController();

  const refuse = (what: string): void => void refusals.set(what, (refusals.get(what) ?? 0) + 1);

  const send = async (): Promise<void> => {
    while (!sending.signal.aborted) {
      const deliveryId = randomUUID();
      while (!acknowledged.has(deliveryId)) {
        const answer = await sendDelivery(pickHub(), job, deliveryId);
        if (answer?.status === 200) acknowledged.set(deliveryId, String(answer.eventId));
        else {
          if (answer !== undefined) refuse(`sending: ${answer.status}`);
          await delay(pauseMs);
        }
      }
      wake();
    }
  };

  const call = async (path: string, body: object): Promise<TestAnswer | undefined> => {
    try {
      return await clientOf(pickHub(), job.workerKey)("POST", `/api/v1/worker/${path}`, body);
    } catch {
      await delay(pauseMs);
      return undefined;
    }
  };

  const complete = async (taskId: string, leaseToken: string): Promise<void> => {
    for (;;) {
      const answer = await call(`tasks/${taskId}/complete`, { leaseToken, result: { label: "bug" } });
      if (answer?.status === 200) completions.set(taskId, (completions.get(taskId) ?? 0) + 1);
      else if (answer !== undefined) refuse(`completing: ${answer.status}`);
      if (answer !== undefined && answer.status < 500) return;
    }
  };

  const work = async (index: number): Promise<void> => {
    while (!working.signal.aborted) {
      const lease = { workerId: `worker ${index}`, agents: [agent], max: 4, waitSeconds: 1 };
      const leased = await call("lease", lease);
      if (leased !== undefined && leased.status > 204) refuse(`leasing: ${leased.status}`);
      const tasks = leased?.status === 200 ? (leased.body.tasks as { task: { id: string }; leaseToken: string }[]) : [];
      await Promise.all(tasks.map(({ task, leaseToken }) => complete(task.id, leaseToken)));
    }
  };

  const sent = Promise.all(Array.from({ length: senders }, send));
  const worked = Promise.all(Array.from({ length: workers }, (_, index) => work(index)));
  return {
    acknowledged,
    completions,
    refusals,
    async acknowledge(more) {
      const target = acknowledged.size + more;
      while (acknowledged.size < target)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
    async stopSending() {
      sending.abort();
      await sent;
    },
    async stopWorking() {
      working.abort();
      await worked;
    },
  };
}
