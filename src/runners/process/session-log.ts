import type { FileHandle } from "node:fs/promises";

const pauseAboveBytes = 1_048_576;

/**
 * EVENTS.jsonl of a session, written while the command runs: one append at a time, and so many lines as came meanwhile. Past
 * `maxLines` it only counts.
 */
export class SessionLog {
  readonly #file: FileHandle;
  readonly #maxLines: number;
  #lines: string[] = [];
  #pendingBytes = 0;
  #written = 0;
  #writing: Promise<void> | undefined;
  #failure: Error | undefined;

  constructor(file: FileHandle, maxLines: number) {
    this.#file = file;
    this.#maxLines = maxLines;
  }

  /** Whether whoever writes should wait: resolves when there is room again. */
  get full(): Promise<void> | undefined {
    return this.#pendingBytes > pauseAboveBytes ? this.#writing : undefined;
  }

  push(line: string): void {
    if (this.#written >= this.#maxLines) return;
    this.#written += 1;
    this.#lines.push(line);
    this.#pendingBytes += line.length;
    this.#writing ??= this.#write();
  }

  /** Resolves when all is written; rejects when something could not be. */
  async end(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #write(): Promise<void> {
    // Not at once: what comes in the same moment goes in one append.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      this.#pendingBytes = 0;
      const text = lines.map((line) => `${line}\n`).join("");
      await this.#file.appendFile(text).catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      });
    }
    this.#writing = undefined;
  }
}
