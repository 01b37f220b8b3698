import type { Logger } from "./logger.ts";

/** Work that is done again and again in the background, never twice at once. */
export interface Recurring {
  /** Does it once more, after what is under way; rejects with what it throws. */
  run(): Promise<void>;
  /** Ends it; resolves when it is no longer under way. */
  stop(): Promise<void>;
}

/** Starts work that repeats `intervalSeconds` after it ended. What it throws is logged, and it goes on. */
export function startRecurring(
  name: string,
  intervalSeconds: number,
  work: () => Promise<void>,
  log: Logger,
): Recurring {
  let last: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const run = (): Promise<void> => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };
  const repeat = async (): Promise<void> => {
    await run().catch((err: unknown) => log.warn({ unit: name, err }, `${name} failed; trying again shortly`));
    schedule();
  };
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void repeat(), intervalSeconds * 1000);
    timer.unref();
  };
  schedule();
  return {
    run,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await last;
    },
  };
}
