import { z } from "zod";
import { fromWireId, type IdKind, idPrefixes } from "./ids.ts";

/** Takes the wire id of this kind of thing and gives its uuid; anything else is a field error. */
export function wireIdSchema(kind: IdKind) {
  const prefix = idPrefixes[kind];
  const named = `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
  return z
    .string()
    .transform((text, ctx) => {
      const uuid = fromWireId(kind, text);
      if (uuid !== undefined) return uuid;
      ctx.addIssue({
        code: "custom",
        message: `must be the id of ${named}, like ${prefix}_01h2xcejqtf2nbrexx3vqjhp41`,
      });
      return z.NEVER;
    })
    .meta({
      pattern: `^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`,
      description: `The id of ${named}.`,
    });
}
