/**
 * Counts the memory that request bodies hold, so that no flood of them fills it. One source gets half of it at most: a
 * flood on its URL leaves the other half to all others.
 */
export class BodyMemory {
  readonly #limitBytes: number;
  readonly #bySource = new Map<string, number>();
  #held = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** Takes this many bytes for a source; false when there is no room, and nothing was taken. */
  take(sourceId: string, bytes: number): boolean {
    const ofSource = this.#bySource.get(sourceId) ?? 0;
    if (this.#held + bytes > this.#limitBytes || ofSource + bytes > this.#limitBytes / 2) return false;
    this.#held += bytes;
    this.#bySource.set(sourceId, ofSource + bytes);
    return true;
  }

  /** Gives back what was taken. */
  give(sourceId: string, bytes: number): void {
    if (bytes === 0) return;
    this.#held -= bytes;
    const ofSource = (this.#bySource.get(sourceId) ?? 0) - bytes;
    if (ofSource > 0) this.#bySource.set(sourceId, ofSource);
    else this.#bySource.delete(sourceId);
  }
}
