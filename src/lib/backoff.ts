/** Half the width of the jitter band: API.md promises ±20 % on every retry delay. */
const JITTER = 0.2;

/**
 * Seconds to wait before the next attempt of a schedule, with ±20 % jitter unless told otherwise, or undefined when the schedule is exhausted.
 * `attemptsMade` counts every attempt so far, the first one included, so a schedule of nine delays allows ten attempts.
 * `random` returns [0, 1), as Math.random does.
 */
export function retryDelaySeconds(
  schedule: readonly number[],
  attemptsMade: number,
  random: () => number,
  jitter = JITTER,
): number | undefined {
  const delaySeconds = schedule[attemptsMade - 1];
  return delaySeconds === undefined ? undefined : withJitter(delaySeconds, random, jitter);
}

/** What an exponential backoff doubles and where it stops. */
interface ExponentialBackoff {
  /** The delay after the first attempt, in seconds, before jitter. */
  readonly baseSeconds: number;
  /** No delay is longer than this, jitter included. */
  readonly maxSeconds: number;
  /** Attempts so far, the first one included. */
  readonly attemptsMade: number;
  /** Returns [0, 1), as Math.random does. */
  readonly random: () => number;
}

/** Seconds to wait before the next attempt: base × 2^(attemptsMade − 1), ±20 %, at most `maxSeconds`. */
export function exponentialDelaySeconds(backoff: ExponentialBackoff): number {
  // 2 ** 1100 is Infinity, which Math.min turns into the maximum: no separate overflow guard is needed.
  const delaySeconds = Math.min(backoff.maxSeconds, backoff.baseSeconds * 2 ** (Math.max(1, backoff.attemptsMade) - 1));
  return Math.min(backoff.maxSeconds, withJitter(delaySeconds, backoff.random));
}

function withJitter(seconds: number, random: () => number, jitter = JITTER): number {
  return seconds * (1 - jitter + 2 * jitter * random());
}
