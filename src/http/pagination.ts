import { z } from "zod";
import { type CursorKind, decodeCursor } from "../lib/cursor.ts";

const defaultLimit = 50;
const maxLimit = 200;

/**
 * The query parameters of a list, to be spread into its `z.strictObject`. `cursor` arrives as the uuid after which the page
 * starts; a text that is no cursor of this list is a 422.
 */
export function pageQuery(kind: CursorKind) {
  return {
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(maxLimit)
      .default(defaultLimit)
      .meta({ description: "How many to return at most." }),
    cursor: z
      .string()
      .max(200)
      .transform((text, ctx) => {
        const uuid = decodeCursor(kind, text);
        if (uuid !== undefined) return uuid;
        ctx.addIssue({ code: "custom", message: "must be the nextCursor of an earlier page of this list" });
        return z.NEVER;
      })
      .optional()
      .meta({ description: "The `nextCursor` of the page before." }),
  };
}

/** The schema of one page of a list, newest first. */
export function pageSchema<View>(view: z.ZodType<View>) {
  return z.strictObject({
    data: z.array(view),
    nextCursor: z.string().optional().meta({ description: "Absent on the last page." }),
  });
}
