import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import type { AttemptExcerptRow, AttemptRow } from "./store.ts";

const summaryShape = z.object({
  id: z.string(),
  number: z.int().describe("Counts the attempts at its delivery from 1."),
  outcome: z.string().describe("`succeeded`, the class of another status (`http_5xx`), or why there was no answer."),
  status: z.int().exactOptional(),
  error: z.string().exactOptional().describe("What went wrong when there was no complete answer."),
  durationMs: z.int(),
  startedAt: z.iso.datetime(),
  responseBody: z
    .string()
    .exactOptional()
    .describe("As much of it as is kept, as text; what is not UTF-8 appears as U+FFFD."),
  responseTruncated: z.boolean().describe("The answer was longer than what is shown of it."),
  erasedAt: z.iso.datetime().exactOptional().describe("When what was sent and answered was erased."),
});

/** One HTTP try in brief. */
export const attemptSummarySchema = summaryShape.meta({ id: "AttemptSummary" });

/** One HTTP try as the API shows it. */
export const attemptSchema = summaryShape
  .extend({
    deliveryId: z.string(),
    requestHeaders: z.record(z.string(), z.string()).describe("The values of the endpoint's own headers are hidden."),
    responseHeaders: z.record(z.string(), z.string()).exactOptional(),
  })
  .meta({ id: "Attempt" });

export type AttemptSummary = z.infer<typeof attemptSummarySchema>;
export type Attempt = z.infer<typeof attemptSchema>;

/** The public form of a stored attempt in brief. */
export function presentAttemptSummary(row: AttemptExcerptRow): AttemptSummary {
  return {
    id: toWireId("attempt", row.id),
    number: row.number,
    outcome: row.outcome,
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.error === null ? {} : { error: row.error }),
    durationMs: row.duration_ms,
    startedAt: row.started_at.toISOString(),
    ...(row.response_body === null ? {} : { responseBody: row.response_body.toString("utf8") }),
    responseTruncated: row.response_truncated,
    ...(row.erased_at === null ? {} : { erasedAt: row.erased_at.toISOString() }),
  };
}

/** The public form of a stored attempt. */
export function presentAttempt(row: AttemptRow): Attempt {
  return {
    ...presentAttemptSummary(row),
    deliveryId: toWireId("delivery", row.delivery_id),
    requestHeaders: row.request_headers,
    ...(row.response_headers === null ? {} : { responseHeaders: row.response_headers }),
  };
}
