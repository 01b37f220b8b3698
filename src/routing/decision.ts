import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import type { StoredDecision } from "./decision-store.ts";

/** What became of an event on a route, as the API shows it. */
export const decisionSchema = z
  .object({
    routeId: z.string(),
    routeName: z.string().exactOptional().describe("As it is now; deleted routes keep theirs."),
    outcome: z
      .enum(["matched", "no_match", "held", "failed", "pending", "coalesced", "deduplicated"])
      .describe(
        "`matched`: it made the task. `no_match`: see `detail`. `held`: a guard stopped it, see `reason`. `failed`: the route matched and could not say what to do. " +
          "`pending`: not decided yet. `coalesced`: a later event's task has it in its list. `deduplicated`: the task that was there stands for it.",
      ),
    reason: z.string().exactOptional().describe("Why, e.g. `duplicate_key`, `rate_limited`, `when_error`."),
    detail: z.string().exactOptional().describe("For people: the first clause that was not met, or what went wrong."),
    taskId: z.string().exactOptional(),
    generation: z.int().describe("0 when it came in; a replay counts up."),
    decidedAt: z.iso.datetime(),
  })
  .meta({ id: "Decision" });

export type Decision = z.infer<typeof decisionSchema>;

/** The public form of a decision. */
export function presentDecision(row: StoredDecision): Decision {
  return {
    routeId: toWireId("route", row.route_id),
    ...(row.route_name === null ? {} : { routeName: row.route_name }),
    outcome: row.outcome,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.detail === null ? {} : { detail: row.detail }),
    ...(row.task_id === null ? {} : { taskId: toWireId("task", row.task_id) }),
    generation: row.generation,
    decidedAt: row.decided_at.toISOString(),
  };
}
