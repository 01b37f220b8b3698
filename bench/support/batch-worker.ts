import { HttpConnection } from "./http-connection.ts";
import type { Hub } from "./hub.ts";

interface Lease {
  readonly task: { readonly id: string };
  readonly leaseToken: string;
}

const maxBatch = 100;

/** What a worker may be told to be. */
export interface BatchWorkerOptions {
  readonly key: string;
  readonly agent: string;
  /** How many calls that complete tasks it makes at a time, each on a connection of its own. */
  readonly concurrency: number;
  /** 1: a call for each task; else the call for several. */
  readonly completionsPerCall: number;
  /** Hears how many tasks it has completed so far. */
  readonly onComplete: (completed: number) => void;
}

/** One worker that leases a hundred tasks at a time, the next hundred while it completes these. */
export class BatchWorker {
  readonly #hub: Hub;
  readonly #options: BatchWorkerOptions;
  readonly #inHand: Lease[] = [];
  readonly #idle: (() => void)[] = [];
  #onTaken: (() => void) | undefined;
  #completed = 0;
  #isDone = false;

  constructor(hub: Hub, options: BatchWorkerOptions) {
    this.#hub = hub;
    this.#options = options;
  }

  /** Works until there are no more tasks; throws when the hub refuses a call. */
  async run(): Promise<void> {
    const completing = Array.from({ length: this.#options.concurrency }, () => this.#complete());
    await Promise.all([this.#lease(), ...completing]);
  }

  async #lease(): Promise<void> {
    const { key, agent } = this.#options;
    const connection = await HttpConnection.open(this.#hub.program.url);
    const body = { workerId: "batch worker", agents: [agent], max: maxBatch, waitSeconds: 0 };
    const request = this.#hub.encodeCall("/api/v1/worker/lease", body, key);
    for (;;) {
      const { status, body: answer } = await connection.send(request);
      if (status === 204) break;
      if (status !== 200) throw new Error(`a lease was answered ${status}: ${answer.toString()}`);
      this.#inHand.push(...(JSON.parse(answer.toString()) as { tasks: readonly Lease[] }).tasks);
      for (const wake of this.#idle.splice(0)) wake();
      while (this.#inHand.length > maxBatch) await new Promise<void>((resolve) => (this.#onTaken = resolve));
    }
    connection.close();
    this.#isDone = true;
    for (const wake of this.#idle.splice(0)) wake();
  }

  async #complete(): Promise<void> {
    const connection = await HttpConnection.open(this.#hub.program.url);
    for (let leases = await this.#take(); leases.length > 0; leases = await this.#take()) {
      const { status, body } = await connection.send(this.#encodeCompletion(leases));
      const answer = body.toString();
      if (status !== 200 || answer.includes('"error"'))
        throw new Error(`a completion was answered ${status}: ${answer}`);
      this.#completed += leases.length;
      this.#options.onComplete(this.#completed);
    }
    connection.close();
  }

  // None when all is done.
  async #take(): Promise<readonly Lease[]> {
    while (this.#inHand.length === 0 && !this.#isDone) await new Promise<void>((resolve) => this.#idle.push(resolve));
    const leases = this.#inHand.splice(0, this.#options.completionsPerCall);
    if (this.#inHand.length <= maxBatch) this.#onTaken?.();
    return leases;
  }

  #encodeCompletion(leases: readonly Lease[]): Buffer {
    const [first] = leases;
    const said = { result: { summary: "Looks good.", findings: [] }, usage: { inputTokens: 1200, outputTokens: 80 } };
    const { key, completionsPerCall } = this.#options;
    if (completionsPerCall > 1 || first === undefined) {
      const items = leases.map(({ task, leaseToken }) => ({ taskId: task.id, leaseToken, ...said }));
      return this.#hub.encodeCall("/api/v1/worker/complete", { items }, key);
    }
    const path = `/api/v1/worker/tasks/${first.task.id}/complete`;
    return this.#hub.encodeCall(path, { leaseToken: first.leaseToken, ...said }, key);
  }
}
