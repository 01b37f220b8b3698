/** One HTTP/1.1 message off the wire: start line and headers, and the body's bytes. */
export interface WireMessage {
  readonly head: string;
  readonly body: Buffer;
}

const empty = Buffer.alloc(0);
const contentLength = /\r\ncontent-length: *(\d+)/i;

/**
 * Cuts a connection's bytes into messages. It knows Content-Length and messages without a body, which is all that the
 * programs of a bench exchange; node:http's parser would cost the generator more CPU than the naive program has left.
 */
export class MessageReader {
  readonly #onMessage: (message: WireMessage) => void;
  #rest: Buffer = empty;

  constructor(onMessage: (message: WireMessage) => void) {
    this.#onMessage = onMessage;
  }

  /** Takes what arrived. Throws for a chunked message. */
  push(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const headEnd = bytes.indexOf("\r\n\r\n");
      if (headEnd < 0) break;
      const head = bytes.toString("latin1", 0, headEnd);
      if (/\r\ntransfer-encoding:/i.test(head)) throw new Error(`a chunked message: ${head}`);
      const bodyStart = headEnd + 4;
      const end = bodyStart + Number(contentLength.exec(head)?.[1] ?? 0);
      if (bytes.length < end) break;
      this.#onMessage({ head, body: bytes.subarray(bodyStart, end) });
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }
}
