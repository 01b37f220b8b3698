import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** A subscriber's web server that answers only when the test lets it. */
export interface GatedReceiver extends AsyncDisposable {
  readonly url: string;
  /** The headers of all requests so far. */
  readonly requests: readonly IncomingHttpHeaders[];
  /** Requests that wait for their answer. */
  readonly held: number;
  /** The most that ever waited at once. */
  readonly mostHeld: number;
  /** Resolves when that many wait; rejects after ten seconds. */
  untilHeld(count: number): Promise<void>;
  /** Answers the one that has waited longest. */
  release(status?: number): void;
  /** Answers all that wait and all that come. */
  open(): void;
}

/** Starts a receiver that holds every request. */
export async function startGatedReceiver(): Promise<GatedReceiver> {
  const requests: IncomingHttpHeaders[] = [];
  const waiting: ServerResponse[] = [];
  let mostHeld = 0;
  let isOpen = false;
  let wake = (): void => {};
  const release = (status = 200): void => {
    waiting.shift()?.writeHead(status).end();
  };
  const server = createServer((request, response) => {
    request.resume();
    requests.push(request.headers);
    waiting.push(response);
    mostHeld = Math.max(mostHeld, waiting.length);
    // A round trip later, so that what is sent at once is seen at once.
    if (isOpen) setTimeout(() => release(), 2);
    wake();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    get held() {
      return waiting.length;
    },
    get mostHeld() {
      return mostHeld;
    },
    async untilHeld(count) {
      const deadline = AbortSignal.timeout(10_000);
      while (waiting.length < count) {
        if (deadline.aborted) throw new Error(`${waiting.length} of ${count} requests wait`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 200);
        });
      }
    },
    release,
    open() {
      isOpen = true;
      while (waiting.length > 0) release();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
