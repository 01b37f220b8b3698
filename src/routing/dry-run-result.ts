import { z } from "zod";
import { approvalSchema } from "../tasks/input-request.ts";

const taskSchema = z.object({
  agent: z.string(),
  input: z.string(),
  parameters: z.unknown(),
  priority: z.int(),
  labels: z.array(z.string()).exactOptional(),
  keys: z
    .object({
      dedupe: z.string().exactOptional(),
      concurrency: z.string().exactOptional(),
      order: z.string().exactOptional(),
      session: z.string().exactOptional(),
    })
    .exactOptional(),
  sessionId: z.string().exactOptional().describe("Absent for a draft, which has no sessions yet."),
  subscriberId: z.string().exactOptional().describe("The id or external id that the route names."),
  approval: approvalSchema.exactOptional(),
});

/** What one route would do with one event. */
export const dryRunResultSchema = z.object({
  routeId: z.string().exactOptional().describe("Absent for a draft."),
  routeName: z.string().exactOptional(),
  eventId: z.string().exactOptional().describe("Absent for a sample."),
  type: z.string(),
  matched: z.boolean(),
  clause: z
    .string()
    .exactOptional()
    .describe("What was not met first, e.g. `sourceId`, `match.body.action` or `when`."),
  error: z.string().exactOptional().describe("Why `when` could not be evaluated, or why there would be no task."),
  task: taskSchema.exactOptional(),
  taskOmitted: z
    .boolean()
    .exactOptional()
    .describe("There would be a task, which is not shown: together with those before, it is too large for one answer."),
  heldBy: z
    .object({ reason: z.string(), detail: z.string().exactOptional() })
    .exactOptional()
    .describe("The first guard that would hold it now, e.g. `rate_limited`."),
  waitsFor: z
    .enum(["order", "concurrency"])
    .exactOptional()
    .describe("It would be made now, and wait for others of this key."),
  debounced: z.boolean().exactOptional().describe("It would be collected with others of its key."),
});

/** What a dry run answers with. */
export const dryRunSchema = z
  .object({
    matched: z.boolean().describe("Whether any route takes any of the events."),
    results: z.array(dryRunResultSchema).describe("One for each event and route; the newest event first."),
    summary: z.object({
      considered: z.int(),
      matched: z.int(),
      failed: z.int().describe("Where `when` could not be evaluated, or no task could be made."),
      held: z.int().describe("Matched, and a guard would hold it now."),
      wouldRun: z.int().describe("Matched, and would become a task, alone or collected with others."),
    }),
  })
  .meta({ id: "DryRun" });

export type DryRunResult = z.infer<typeof dryRunResultSchema>;
export type DryRun = z.infer<typeof dryRunSchema>;
