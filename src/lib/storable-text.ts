import { z } from "zod";

/**
 * Text that Postgres keeps as it is: no NUL, which `text` refuses (22021), and no half of a surrogate pair, which the
 * driver would silently replace.
 */
export function storableText(maxCharacters: number): z.ZodString {
  return z
    .string()
    .max(maxCharacters)
    .refine((text) => !text.includes("\u0000"), { error: "must not contain a NUL character" })
    .refine((text) => text.isWellFormed(), { error: "must not contain half of a surrogate pair" });
}

/** A name for people: one line of 1 to 100 characters that reads the same wherever it is shown. */
export const displayName = storableText(100)
  .min(1)
  .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), { error: "must not contain control characters" })
  .refine((text) => text.trim() === text, { error: "must not begin or end with white space" });
