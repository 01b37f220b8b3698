/** What comes out of a stream of lines. */
export interface LineSink {
  line(text: string): void;
  /** A line that was too long; this many of its bytes have come so far. Told once for each. */
  tooLong(): void;
}

const lineFeed = 0x0a;

/**
 * Cuts a stream of bytes into lines, holding at most `limitBytes` of one: the rest of a longer one is thrown away. Invalid
 * UTF-8 becomes U+FFFD, so that one bad byte does not cost the line.
 */
export class LineSplitter {
  readonly #limitBytes: number;
  readonly #sink: LineSink;
  #parts: Buffer[] = [];
  #bytes = 0;
  #isTooLong = false;

  constructor(limitBytes: number, sink: LineSink) {
    this.#limitBytes = limitBytes;
    this.#sink = sink;
  }

  write(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      this.#take(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#take(chunk.subarray(start));
  }

  /** What came after the last line feed is a line as well. */
  end(): void {
    this.#endLine();
  }

  #take(part: Buffer): void {
    if (part.length === 0 || this.#isTooLong) return;
    this.#bytes += part.length;
    if (this.#bytes <= this.#limitBytes) {
      this.#parts.push(part);
      return;
    }
    this.#isTooLong = true;
    this.#parts = [];
    this.#sink.tooLong();
  }

  #endLine(): void {
    const text = this.#isTooLong ? "" : Buffer.concat(this.#parts, this.#bytes).toString("utf8").trim();
    this.#parts = [];
    this.#bytes = 0;
    this.#isTooLong = false;
    if (text !== "") this.#sink.line(text);
  }
}
