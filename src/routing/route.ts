import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { displayName } from "../lib/storable-text.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import type { RouteRow } from "./store.ts";

const task = z.strictObject({
  input: z.string().min(1).describe("What the agent is told; ${event.…} stands for a value of the event document."),
  parameters: jsonObjectSchema
    .exactOptional()
    .describe("Passed on with the task; its strings may hold ${event.…} too."),
  priority: z.int().min(-2_147_483_647).max(2_147_483_647).exactOptional().describe("Higher goes first; absent: 0."),
});

/** What can be said of a route. */
export const routeFields = {
  name: displayName,
  sourceId: wireIdSchema("source").describe("Only events of this source."),
  provider: z.string().describe("Only events of sources with this provider."),
  match: jsonObjectSchema.describe(
    "A pattern over the event document, with EventBridge's operators. Absent: any event.",
  ),
  agent: z.string().describe("The name of the agent that gets the tasks."),
  task,
  enabled: z.boolean(),
};

/** A route as the API shows it. */
export const routeSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    sourceId: z.string().exactOptional(),
    provider: z.string().exactOptional(),
    match: jsonObjectSchema.exactOptional(),
    agent: z.string(),
    task,
    enabled: z.boolean(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Route" });

export type Route = z.infer<typeof routeSchema>;

/** The public form of a stored route. */
export function presentRoute(row: RouteRow): Route {
  return {
    id: toWireId("route", row.id),
    name: row.name,
    ...(row.source_id === null ? {} : { sourceId: toWireId("source", row.source_id) }),
    ...(row.provider === null ? {} : { provider: row.provider }),
    ...(row.match === null ? {} : { match: row.match as NonNullable<Route["match"]> }),
    agent: row.agent_name,
    task: row.task as Route["task"],
    enabled: row.enabled,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
