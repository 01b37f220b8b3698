/** How a group commit is bounded. */
export interface GroupCommitOptions<Item, Result> {
  /** Does the whole batch in one transaction; answers in the order of the items. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Items in one transaction at most. */
  readonly maxBatch: number;
  /** Transactions under way at once. One keeps Postgres and the process taking turns; two overlap them. */
  readonly maxConcurrent: number;
  /** Items waiting at most; past it `submit` rejects with what `refuse` makes. */
  readonly maxWaiting: number;
  readonly refuse: () => Error;
  /** Whether an error can be the fault of single rows (then the batch is split) or is of the database as a whole. */
  readonly isolates: (error: unknown) => boolean;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Coalesces concurrent submissions of one process into one transaction each time a slot is free, so that the cost of a
 * commit is shared by whoever waits. A batch that fails for a row's sake is halved and tried again until the poisoned
 * row stands alone: its neighbours must not fail with it.
 */
export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #committing = 0;
  #running = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
  }

  /** Items that wait or are being committed. */
  get size(): number {
    return this.#waiting.length + this.#committing;
  }

  /**
   * Resolves once the transaction that holds this item has committed. Rejects with what it failed with: after a
   * connection that broke during the COMMIT, it may have committed all the same.
   */
  submit(item: Item): Promise<Result> {
    if (this.#waiting.length >= this.#options.maxWaiting) return Promise.reject(this.#options.refuse());
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ item, resolve, reject });
    this.#schedule();
    return promise;
  }

  /** Resolves once nothing waits and nothing is being committed. */
  async drain(): Promise<void> {
    while (this.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  // Starts after the current turn of the event loop has read its sockets, so that requests that arrived together share.
  #schedule(): void {
    if (this.#scheduled || this.#running >= this.#options.maxConcurrent) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  #start(): void {
    if (this.#waiting.length === 0 || this.#running >= this.#options.maxConcurrent) return;
    const batch = this.#waiting.splice(0, this.#options.maxBatch);
    this.#running += 1;
    this.#committing += batch.length;
    void this.#commit(batch).finally(() => {
      this.#running -= 1;
      this.#committing -= batch.length;
      if (this.#waiting.length > 0) this.#schedule();
      else if (this.#running === 0) for (const wake of this.#idle.splice(0)) wake();
    });
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #commit(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.commit(batch.map((waiting) => waiting.item));
      batch.forEach((waiting, index) => waiting.resolve(results[index] as Result));
    } catch (error) {
      if (batch.length === 1 || !this.#options.isolates(error)) {
        for (const waiting of batch) waiting.reject(error);
        return;
      }
      const middle = batch.length >> 1;
      await this.#commit(batch.slice(0, middle));
      await this.#commit(batch.slice(middle));
    }
  }
}
