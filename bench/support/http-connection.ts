import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { MessageReader } from "./message-reader.ts";

/** What a program answered. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** A request's bytes; `headers` are lines without their end. */
export function encodeRequest(
  method: string,
  url: URL,
  headers: readonly string[],
  body: Buffer = Buffer.alloc(0),
): Buffer {
  const lines = [`${method} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`, ...headers];
  return Buffer.concat([
    Buffer.from(`${lines.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n`, "latin1"),
    body,
  ]);
}

/** One keep-alive connection that carries one request at a time, of bytes made beforehand. */
export class HttpConnection {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new MessageReader(({ head, body }) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve({ status: Number(head.slice(9, 12)), body });
    });
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      try {
        reader.push(chunk);
      } catch (error) {
        this.#fail(error);
      }
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the program closed the connection")));
  }

  /** Connects to the origin of `url`. */
  static async open(url: URL): Promise<HttpConnection> {
    const socket = connect({ host: url.hostname, port: Number(url.port) });
    await once(socket, "connect");
    return new HttpConnection(socket);
  }

  /** Sends a request; rejects when the connection breaks before the whole answer is there. */
  send(request: Buffer): Promise<Answer> {
    if (this.#waiting !== undefined) return Promise.reject(new Error("a request is under way on this connection"));
    if (this.#socket.destroyed) return Promise.reject(new Error("the connection is closed"));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting = { resolve, reject };
    this.#socket.write(request);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #fail(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}
