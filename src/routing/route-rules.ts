import { z } from "zod";
import { budgetSchema } from "../budgets/budget.ts";
import { storableText } from "../lib/storable-text.ts";
import { MAXIMUM_EXPRESSION_CHARACTERS } from "./cel-limits.ts";

const expression = storableText(MAXIMUM_EXPRESSION_CHARACTERS).min(1);
const key = expression.describe("A template when it holds ${, else a CEL expression; both see `event`.");

/** A key alone stands for an object with nothing but it. */
function orKey<Schema extends z.ZodType>(schema: Schema) {
  return z.union([key, schema], { error: "must be a key, or an object with a key" });
}

// The queue's own clock ends there: a thousand days.
const MAXIMUM_SECONDS = 86_400_000;
const seconds = z.int().min(1).max(MAXIMUM_SECONDS);
const span = z.number().min(0.05).max(MAXIMUM_SECONDS);
const count = z.int().min(1).max(1_000_000_000);

const dedupe = z.strictObject({
  key,
  windowSeconds: seconds
    .exactOptional()
    .describe("For how long a key makes no second task; absent: while its task is open."),
});

const concurrency = z.strictObject({
  key,
  limit: z.int().min(1).max(10_000).exactOptional().describe("Tasks of one key under way at once; absent: 1."),
  policy: z
    .enum(["queue", "drop", "cancel"])
    .exactOptional()
    .describe("What becomes of one too many: it waits (queue, when absent), is dropped, or cancels the running one."),
});

const order = z.strictObject({
  key,
  onFailure: z
    .enum(["continue", "block"])
    .exactOptional()
    .describe("Whether the next of a key goes on after one failed (continue, when absent) or waits for a person."),
});

/** What a route's tasks share by a key of the event. */
export const keysSchema = z
  .strictObject({
    dedupe: orKey(dedupe).exactOptional().describe("One task per key."),
    concurrency: orKey(concurrency).exactOptional().describe("So many tasks per key at once."),
    order: orKey(order).exactOptional().describe("The tasks of a key one after the other, first come first."),
    session: key.exactOptional().describe("The tasks of a key continue one session."),
  })
  .superRefine((keys, ctx) => {
    const { concurrency, order } = keys;
    if (order === undefined || typeof concurrency !== "object") return;
    const orderKey = typeof order === "string" ? order : order.key;
    const refuse = (field: string, message: string): void =>
      ctx.addIssue({ code: "custom", path: ["concurrency", field], message });
    if (concurrency.policy === "cancel")
      refuse("policy", "contradicts keys.order: what is done in order is not canceled by the next");
    if (orderKey === concurrency.key && (concurrency.limit ?? 1) > 1)
      refuse("limit", "contradicts keys.order, which does one at a time of this same key");
  });

/** How many events of a key become one task. */
export const debounceSchema = z
  .strictObject({
    key: key.exactOptional().describe("Absent: all events of the route together."),
    quietSeconds: span.describe("The task is made when no event came for so long."),
    maxSeconds: span.describe("And at the latest so long after the first."),
  })
  .superRefine(({ quietSeconds, maxSeconds }, ctx) => {
    if (maxSeconds < quietSeconds)
      ctx.addIssue({ code: "custom", path: ["maxSeconds"], message: "must not be less than quietSeconds" });
  });

/** How much a route may make. */
export const limitsSchema = z.strictObject({
  rate: z
    .strictObject({
      count,
      perSeconds: seconds,
      key: key.exactOptional().describe("Absent: for the route as a whole."),
    })
    .exactOptional()
    .describe("At most so many tasks in so many seconds; events beyond are held."),
  budget: budgetSchema.exactOptional(),
  breaker: z
    .strictObject({
      tasks: count,
      perSeconds: seconds,
      cooldownSeconds: seconds.exactOptional().describe("Absent: as long as perSeconds."),
    })
    .exactOptional()
    .describe("Opens when the route makes so many tasks in so many seconds, however they end."),
});

const actorPatterns = z.array(storableText(200).min(1)).min(1).max(1_000).exactOptional();

/** Whose events count. */
export const actorsSchema = z
  .strictObject({
    allow: actorPatterns.describe("Only these; * stands for any characters."),
    deny: actorPatterns.describe("Never these; * stands for any characters."),
    path: key.exactOptional().describe("Who caused the event, in CEL; absent: where the provider says it."),
  })
  .superRefine(({ allow, deny }, ctx) => {
    if (allow === undefined && deny === undefined)
      ctx.addIssue({ code: "custom", path: [], message: "must say whom to allow or deny" });
    for (const [index, pattern] of (deny ?? []).entries())
      if (allow?.includes(pattern))
        ctx.addIssue({ code: "custom", path: ["deny", index], message: "is also in allow" });
  });

/** What a route does with events that its own project's tasks caused. */
export const loopsSchema = z.strictObject({
  allowMarked: z
    .boolean()
    .exactOptional()
    .describe("Whether events that carry the hub's own marker back are routed; absent: false."),
  maxDepth: z.int().min(1).max(20).exactOptional().describe("How many tasks may cause one another; absent: 5."),
});

/** The CEL condition of a route. */
export const whenSchema = expression.describe("A CEL condition over `event`; evaluated when `match` matches.");

/** Who hears of a route's tasks. */
export const subscriberSchema = expression.describe(
  "The subscriber that gets the messages of its tasks: an id, or a template or CEL expression that gives an id or external id.",
);

export type Keys = z.infer<typeof keysSchema>;
export type Debounce = z.infer<typeof debounceSchema>;
export type Limits = z.infer<typeof limitsSchema>;
export type Actors = z.infer<typeof actorsSchema>;
export type Loops = z.infer<typeof loopsSchema>;
