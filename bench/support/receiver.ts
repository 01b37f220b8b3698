import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Webhook } from "svix";
import { MessageReader, type WireMessage } from "./message-reader.ts";

/** A request that a receiver got. */
export interface Receipt extends WireMessage {
  /** When its last byte was read, on the clock of `performance.now()`. */
  readonly atMs: number;
}

const answer = Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok", "latin1");

/** A subscriber on loopback that answers at once, keeps what it got, and checks nothing while it is measured. */
export class Receiver {
  readonly receipts: Receipt[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      const reader = new MessageReader((message) => {
        this.receipts.push({ ...message, atMs: performance.now() });
        socket.write(answer);
        if (this.#waiting !== undefined && this.receipts.length >= this.#waiting.count) this.#waiting.resolve();
      });
      socket.on("data", (chunk) => reader.push(chunk));
    });
  }

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    await once(receiver.#server.listen(0, "127.0.0.1"), "listening");
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** Resolves once it has got so many requests; throws when that takes longer. */
  async got(count: number, timeoutMs: number): Promise<void> {
    if (this.receipts.length >= count) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting = { count, resolve };
    const timeout = setTimeout(
      () => reject(new Error(`the receiver got ${this.receipts.length} of ${count} messages in ${timeoutMs} ms`)),
      timeoutMs,
    );
    await promise.finally(() => clearTimeout(timeout));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), "close");
  }
}

function headersOf(head: string): Record<string, string> {
  const lines = head.split("\r\n").slice(1);
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
}

/**
 * Verifies each signature with svix, as a subscriber does. Throws for a bad one, and for a message that came twice: with a
 * receiver that always answers, at least once is once.
 */
export function verifyReceipts(receipts: readonly Receipt[], secret: string): void {
  const webhook = new Webhook(secret);
  const ids = new Set<string>();
  for (const { head, body } of receipts) {
    const headers = headersOf(head);
    webhook.verify(body, headers);
    const id = headers["webhook-id"] ?? "";
    if (ids.has(id)) throw new Error(`the message ${id} came twice`);
    ids.add(id);
  }
}
