/**
 * Waits for all of them, then throws the error of the first that failed. Promise.all would not do for statements of one
 * transaction: it rejects at once, and a statement that was not handed over yet would run after the rollback.
 */
export async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}
