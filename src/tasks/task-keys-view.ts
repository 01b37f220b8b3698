import { z } from "zod";
import type { TaskKeys } from "./task-keys.ts";

/** The keys of a task as the API shows them. */
export const taskKeysSchema = z.object({
  dedupe: z.object({ key: z.string(), windowSeconds: z.number().exactOptional() }).exactOptional(),
  concurrency: z
    .object({ key: z.string(), limit: z.int(), policy: z.enum(["queue", "drop", "cancel"]) })
    .exactOptional(),
  order: z.object({ key: z.string(), onFailure: z.enum(["continue", "block"]) }).exactOptional(),
});

/** The public form of a task's keys: without their scope, which is its route or agent. */
export function presentTaskKeys({ dedupe, concurrency, order }: TaskKeys): z.infer<typeof taskKeysSchema> {
  const window = dedupe?.windowSeconds === undefined ? {} : { windowSeconds: dedupe.windowSeconds };
  return {
    ...(dedupe === undefined ? {} : { dedupe: { key: dedupe.key, ...window } }),
    ...(concurrency === undefined
      ? {}
      : { concurrency: { key: concurrency.key, limit: concurrency.limit, policy: concurrency.policy } }),
    ...(order === undefined ? {} : { order: { key: order.key, onFailure: order.onFailure } }),
  };
}
