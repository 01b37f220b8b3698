import { z } from "zod";
import type { Context } from "../access/context.ts";
import { selectSubscriber } from "../endpoints/store.ts";
import { decodeCursor } from "../lib/cursor.ts";
import { NotFoundError } from "../lib/errors.ts";

/** Who reads, where several do. */
export const consumerName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: "must be 1 to 64 letters, digits, dots, dashes and underscores" })
  .describe("Whose position is meant, where several read for one subscriber. Absent: `default`.");

/** A cursor of these lists: the message after which to go on. */
export const messageCursor = z
  .string()
  .max(200)
  .transform((text, ctx) => {
    const uuid = decodeCursor("message", text);
    if (uuid !== undefined) return uuid;
    ctx.addIssue({ code: "custom", message: "must be the nextCursor of an earlier answer" });
    return z.NEVER;
  });

/** Throws NotFoundError for a subscriber of others. */
export async function requireSubscriber(ctx: Context, id: string): Promise<void> {
  if ((await selectSubscriber(ctx.db, ctx.actor, { id })) === undefined)
    throw new NotFoundError("There is no such subscriber in this project");
}
