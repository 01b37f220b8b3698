import { z } from "zod";

const channel = z.string().regex(/^[a-zA-Z0-9._:-]{1,128}$/, {
  error: "must be 1 to 128 letters, digits, dots, colons, dashes and underscores",
});

/** What a message is about besides its type, e.g. `project:42`: endpoints that name channels get only messages on one of them. */
export const channelList = z
  .array(channel)
  .min(1)
  .max(20)
  .transform((channels) => [...new Set(channels)])
  .meta({ type: "array" });
