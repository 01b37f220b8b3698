import { z } from "zod";
import { storableText } from "../lib/storable-text.ts";
import type { TaskKeys } from "./task-keys.ts";

const key = storableText(1_000).min(1);
const named = { key };

const dedupe = z.strictObject({
  ...named,
  windowSeconds: z
    .int()
    .min(1)
    .max(86_400_000)
    .exactOptional()
    .describe("For how long the key makes no second task; absent: while its task is open."),
});

const concurrency = z.strictObject({
  ...named,
  limit: z.int().min(1).max(10_000).exactOptional().describe("Tasks of one key under way at once; absent: 1."),
  policy: z
    .enum(["queue", "drop", "cancel"])
    .exactOptional()
    .describe("What becomes of one too many: it waits (queue, when absent), is not made, or the oldest is canceled."),
});

const order = z.strictObject({
  ...named,
  onFailure: z
    .enum(["continue", "block"])
    .exactOptional()
    .describe("Whether the next of a key goes on after one failed (continue, when absent) or waits for a person."),
});

/** The keys of a task that a call makes: literal texts, which hold among the tasks that calls gave the same agent. */
export const requestedKeysSchema = z
  .strictObject({
    dedupe: z.union([key, dedupe]).exactOptional().describe("One task per key."),
    concurrency: z.union([key, concurrency]).exactOptional().describe("So many tasks per key at once."),
    order: z.union([key, order]).exactOptional().describe("The tasks of a key one after the other, first come first."),
    session: key.exactOptional().describe("The tasks of a key continue one session."),
  })
  .superRefine(({ concurrency, order }, ctx) => {
    if (order === undefined || typeof concurrency !== "object") return;
    const refuse = (field: string, message: string): void =>
      ctx.addIssue({ code: "custom", path: ["concurrency", field], message });
    if (concurrency.policy === "cancel")
      refuse("policy", "contradicts order: what is done in order is not canceled by the next");
    if ((typeof order === "string" ? order : order.key) === concurrency.key && (concurrency.limit ?? 1) > 1)
      refuse("limit", "contradicts order, which does one at a time of this same key");
  });

export type RequestedKeys = z.infer<typeof requestedKeysSchema>;

/** The keys with what they leave out, in the scope of an agent (its uuid); undefined when there is none but a session's. */
export function keysInScope(scope: string, { dedupe, concurrency, order }: RequestedKeys): TaskKeys | undefined {
  const spelledOut = <Key extends { readonly key: string }>(given: string | Key): { readonly key: string } | Key =>
    typeof given === "string" ? { key: given } : given;
  if (dedupe === undefined && concurrency === undefined && order === undefined) return undefined;
  return {
    ...(dedupe === undefined ? {} : { dedupe: { scope, ...spelledOut(dedupe) } }),
    ...(concurrency === undefined
      ? {}
      : { concurrency: { scope, limit: 1, policy: "queue" as const, ...spelledOut(concurrency) } }),
    ...(order === undefined ? {} : { order: { scope, onFailure: "continue" as const, ...spelledOut(order) } }),
  };
}
