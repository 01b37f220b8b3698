import type { Hub } from "./hub.ts";
import { HttpConnection } from "./http-connection.ts";

/** What a worker is told of a leased task, as far as it matters here. */
interface Lease {
  readonly task: { readonly id: string; readonly data: { readonly event: { readonly deliveryId: string } } };
  readonly leaseToken: string;
}

const waitSeconds = 20;

/** A worker in the loop that any language would write: lease one task, waiting for it; complete it; again. */
export class PullWorker {
  readonly #hub: Hub;
  readonly #key: string;
  readonly #connection: HttpConnection;
  readonly #lease: Buffer;
  readonly #onLease: (deliveryId: string) => void;
  #stopped = false;

  private constructor(
    hub: Hub,
    key: string,
    connection: HttpConnection,
    lease: Buffer,
    onLease: (deliveryId: string) => void,
  ) {
    this.#hub = hub;
    this.#key = key;
    this.#connection = connection;
    this.#lease = lease;
    this.#onLease = onLease;
  }

  /** Opens a worker's connection. `onLease` hears the delivery id of each task's event when the lease arrives. */
  static async open(
    hub: Hub,
    { key, name, agent }: { readonly key: string; readonly name: string; readonly agent: string },
    onLease: (deliveryId: string) => void,
  ): Promise<PullWorker> {
    const connection = await HttpConnection.open(hub.program.url);
    const lease = hub.encodeCall("/api/v1/worker/lease", { workerId: name, agents: [agent], waitSeconds }, key);
    return new PullWorker(hub, key, connection, lease, onLease);
  }

  /** Works until `stop`; throws when the hub refuses a call. */
  async run(): Promise<void> {
    try {
      while (!this.#stopped) {
        const { tasks } = (await this.#call(this.#lease)) as { tasks: readonly Lease[] };
        for (const { task, leaseToken } of tasks) {
          this.#onLease(task.data.event.deliveryId);
          const result = { summary: "Looks good.", findings: [] };
          const path = `/api/v1/worker/tasks/${task.id}/complete`;
          await this.#call(this.#hub.encodeCall(path, { leaseToken, result }, this.#key));
        }
      }
    } catch (error) {
      if (!this.#stopped) throw error;
    }
  }

  /** Also breaks off a wait for work. */
  stop(): void {
    this.#stopped = true;
    this.#connection.close();
  }

  async #call(request: Buffer): Promise<unknown> {
    const { status, body } = await this.#connection.send(request);
    if (status === 204) return { tasks: [] };
    if (status !== 200) throw new Error(`a worker's call was answered ${status}: ${body.toString()}`);
    return JSON.parse(body.toString());
  }
}
