import { z } from "zod";
import { eventTypePattern } from "../../lib/event-type-pattern.ts";
import { fromWireId } from "../../lib/ids.ts";

const lastId = z.string().transform((text, ctx) => {
  const uuid = fromWireId("message", text) ?? fromWireId("event", text);
  if (uuid !== undefined) return uuid;
  ctx.addIssue({ code: "custom", message: "must be the id of a message or event, as the stream told it" });
  return z.NEVER;
});

/** What may be asked of a stream, as query parameters. */
export const streamQuery = z.strictObject({
  types: z
    .string()
    .max(2_000)
    .transform((text) => text.split(","))
    .pipe(z.array(eventTypePattern).min(1).max(20))
    .optional()
    .describe("Types or patterns such as task.*, with commas between them; absent: all."),
  lastEventId: lastId.optional().describe("What was told last, for clients that cannot set a header."),
});

/** The header by which a client says what it was told last (HTML, §9.2). */
export const lastEventIdHeader = z.object({ "Last-Event-ID": lastId.optional() });
