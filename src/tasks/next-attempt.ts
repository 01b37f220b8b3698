import { exponentialDelaySeconds } from "../lib/backoff.ts";
import type { Services } from "../platform/services.ts";

/** When an attempt follows one that failed: exponential with jitter, or after as many seconds as the worker asked for. */
export function nextAttemptAt(services: Services, attemptsCharged: number, retryAfterSeconds?: number): Date {
  const { retryBaseSeconds, retryMaxSeconds } = services.settings.tasks;
  const backoff = {
    baseSeconds: retryBaseSeconds,
    maxSeconds: retryMaxSeconds,
    attemptsMade: attemptsCharged,
    random: Math.random,
  };
  const delaySeconds = retryAfterSeconds ?? exponentialDelaySeconds(backoff);
  return new Date(services.clock.now() + delaySeconds * 1000);
}

/** Whether the task may be tried again after the attempt that is charged now. */
export function hasAttemptsLeft(task: { readonly attempts_charged: number; readonly max_attempts: number }): boolean {
  return task.attempts_charged < task.max_attempts;
}
