import { z } from "zod";

const maxDelaySeconds = 604_800;
const maxRetries = 50;
const maxWindowSeconds = 2_592_000;

const exponential = z
  .strictObject({
    baseSeconds: z
      .int()
      .min(1)
      .max(maxDelaySeconds)
      .describe("The wait after the first try; doubles with each further one."),
    maxSeconds: z.int().min(1).max(maxDelaySeconds).describe("No wait is longer."),
    retries: z.int().min(1).max(maxRetries).describe("How many tries follow the first."),
  })
  .describe("Instead of a schedule.");

/** When an endpoint's deliveries are tried again. */
export const endpointRetry = z
  .strictObject({
    scheduleSeconds: z
      .array(z.int().min(1).max(maxDelaySeconds))
      .max(20)
      .exactOptional()
      .describe("Waits between the tries; as many retries as entries."),
    exponential: exponential.exactOptional(),
    jitter: z
      .number()
      .min(0)
      .max(0.5)
      .exactOptional()
      .describe("By how much a wait may be shorter or longer, as a part of it. Absent: 0.2."),
    windowSeconds: z
      .int()
      .min(1)
      .max(maxWindowSeconds)
      .exactOptional()
      .describe("No further try is planned for later than this after the first was due."),
  })
  .superRefine(({ scheduleSeconds, exponential: backoff, ...rest }, ctx) => {
    if (scheduleSeconds !== undefined && backoff !== undefined)
      ctx.addIssue({ code: "custom", path: ["exponential"], message: "must not stand beside scheduleSeconds" });
    if (scheduleSeconds === undefined && backoff === undefined && Object.keys(rest).length === 0)
      ctx.addIssue({ code: "custom", path: ["scheduleSeconds"], message: "must be there, or another field" });
  });

export type EndpointRetry = z.infer<typeof endpointRetry>;

/** What stands in `endpoints.retry_options`: all but the list. */
export type RetryOptions = Omit<EndpointRetry, "scheduleSeconds">;

/** What an endpoint's retries are stored as; null is the hub's schedule. */
export function retryColumns(retry: EndpointRetry | null): {
  readonly retry_schedule_seconds: number[] | null;
  readonly retry_options: string | null;
} {
  const { scheduleSeconds, ...options } = retry ?? {};
  return {
    retry_schedule_seconds: scheduleSeconds ?? null,
    retry_options: Object.keys(options).length === 0 ? null : JSON.stringify(options),
  };
}

/** An endpoint's retries as they were given; undefined when it has the hub's schedule. */
export function retryOf(scheduleSeconds: number[] | null, options: RetryOptions | null): EndpointRetry | undefined {
  if (scheduleSeconds === null && options === null) return undefined;
  return { ...(scheduleSeconds === null ? {} : { scheduleSeconds }), ...options };
}

/** The waits of a backoff, written out. */
export function scheduleOf({ baseSeconds, maxSeconds, retries }: z.infer<typeof exponential>): number[] {
  // 2 ** 49 × a week is far from where doubles lose count.
  return Array.from({ length: retries }, (_, index) => Math.min(maxSeconds, baseSeconds * 2 ** index));
}
