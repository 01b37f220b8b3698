import type { Logger } from "./logger.ts";

/** Work that is done again and again in the background, never twice at once. */
export interface Recurring {
  /** Does it now, unless it is under way; resolves when it is done. */
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
  let underWay: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const run = (): Promise<void> => {
    underWay ??= work()
      .catch((err: unknown) => log.warn({ unit: name, err }, `${name} failed; trying again shortly`))
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void run().then(schedule), intervalSeconds * 1000);
    timer.unref();
  };
  schedule();
  return {
    run,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
