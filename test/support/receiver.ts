import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that a receiver got. */
export interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A subscriber's web server on loopback. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Resolves when that many requests have come; rejects after ten seconds. */
  until(count: number): Promise<readonly ReceivedRequest[]>;
}

/** What a receiver says. */
interface ReceiverAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Starts a receiver that keeps what it gets and answers with `answer`, at once or when it resolves (200 when absent). */
export async function startReceiver(
  answer: (request: ReceivedRequest, index: number) => ReceiverAnswer | Promise<ReceiverAnswer> = () => ({
    status: 200,
  }),
): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  let wake = (): void => {};
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const received = { headers: request.headers, body: Buffer.concat(chunks).toString() };
      requests.push(received);
      wake();
      void Promise.resolve(answer(received, requests.length - 1)).then(({ status, headers = {}, body = "" }) =>
        response.writeHead(status, headers).end(body),
      );
    });
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    async until(count) {
      const deadline = AbortSignal.timeout(10_000);
      while (requests.length < count) {
        if (deadline.aborted) throw new Error(`got ${requests.length} of ${count} requests`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 200);
        });
      }
      return requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
