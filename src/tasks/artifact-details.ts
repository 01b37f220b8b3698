import { z } from "zod";
import { isNestedDeeperThan } from "../lib/json-depth.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";

const maxMetadataCharacters = 8_192;
const maxMetadataDepth = 20;

function hasSafeSegments(path: string): boolean {
  return path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

/** Where an artifact belongs among others, e.g. `reports/2026/july.md`: for whoever unpacks it, safe below any directory. */
const artifactPath = storableText(500)
  .min(1)
  .refine((path) => !/[\p{Cc}\p{Zl}\p{Zp}\\]/u.test(path), {
    error: "must not contain control characters or backslashes",
  })
  .refine((path) => !/^[A-Za-z]:/.test(path), { error: "must not begin with a drive" })
  .refine(hasSafeSegments, { error: "must be relative, without empty parts, . and .." });

/** What is said of an artifact besides its name and type. */
export const artifactDetails = {
  title: storableText(200)
    .min(1)
    .refine((title) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(title), { error: "must not contain control characters" })
    .describe("What it is called, for people."),
  path: artifactPath.describe("Where it belongs among others: relative, with / between its parts."),
  metadata: jsonObjectSchema
    .refine((metadata) => JSON.stringify(metadata).length <= maxMetadataCharacters, {
      error: `must not have more than ${maxMetadataCharacters} characters as JSON`,
    })
    .describe("Anything else, as a JSON object."),
};

/** A JSON object that comes as a text, of a header or a query. */
export const metadataText = z
  .string()
  .transform((text, ctx): unknown => {
    try {
      // Before it is written as JSON again, which recurses.
      if (!isNestedDeeperThan(text, maxMetadataDepth)) return JSON.parse(text) as unknown;
      ctx.addIssue({ code: "custom", message: "is nested too deeply" });
    } catch {
      ctx.addIssue({ code: "custom", message: "must be JSON" });
    }
    return z.NEVER;
  })
  .pipe(artifactDetails.metadata);
