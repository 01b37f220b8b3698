import { z } from "zod";
import { displayName } from "../lib/storable-text.ts";

/** How many labels a task may have. */
export const maxLabels = 20;

/** What tasks are found and counted by together, such as a campaign. */
export const label = displayName;

/** The labels of one task. */
export const labelsSchema = z
  .array(label)
  .min(1)
  .max(maxLabels)
  .refine((labels) => new Set(labels).size === labels.length, { error: "must not name a label twice" })
  .describe("What it is found and counted by together with others, e.g. a campaign.");
