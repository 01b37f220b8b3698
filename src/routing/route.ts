import type { Selectable } from "kysely";
import { z } from "zod";
import { toWireId } from "../lib/ids.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { displayName, storableText } from "../lib/storable-text.ts";
import { wireIdSchema } from "../lib/wire-id-schema.ts";
import {
  type Actors,
  type Debounce,
  type Keys,
  type Limits,
  type Loops,
  actorsSchema,
  debounceSchema,
  keysSchema,
  limitsSchema,
  loopsSchema,
  subscriberSchema,
  whenSchema,
} from "./route-rules.ts";
import type { RoutesTable } from "../platform/tables.ts";
import { type Approval, approvalInput, approvalSchema } from "../tasks/input-request.ts";
import { maxLabels } from "../tasks/labels.ts";
import type { RouteRules } from "./compile-route.ts";
import type { RouteRow } from "./store.ts";

const task = z.strictObject({
  input: z.string().min(1).describe("What the agent is told; ${event.…} stands for a value of the event document."),
  parameters: jsonObjectSchema
    .exactOptional()
    .describe("Passed on with the task; its strings may hold ${event.…} too."),
  priority: z.int().min(-2_147_483_647).max(2_147_483_647).exactOptional().describe("Higher goes first; absent: 0."),
  labels: z
    .array(z.string().min(1))
    .min(1)
    .max(maxLabels)
    .exactOptional()
    .describe("What its tasks are found and counted by together, e.g. a campaign; ${event.…} too."),
});

/** What can be said of a route. */
export const routeFields = {
  name: displayName,
  sourceId: wireIdSchema("source").describe("Only events of this source."),
  provider: z.string().describe("Only events of sources with this provider."),
  match: jsonObjectSchema.describe(
    "A pattern over the event document, with EventBridge's operators. Absent: any event.",
  ),
  when: whenSchema,
  agent: z.string().describe("The name of the agent that gets the tasks."),
  capability: storableText(200)
    .min(1)
    .describe("Instead of `agent`: each task goes to the agent with this capability that has least to do."),
  task,
  keys: keysSchema,
  debounce: debounceSchema,
  limits: limitsSchema,
  actors: actorsSchema,
  loops: loopsSchema,
  subscriberId: subscriberSchema,
  approval: approvalInput,
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
    when: z.string().exactOptional(),
    agent: z.string().exactOptional(),
    capability: z.string().exactOptional(),
    task,
    keys: keysSchema.exactOptional(),
    debounce: debounceSchema.exactOptional(),
    limits: limitsSchema.exactOptional(),
    actors: actorsSchema.exactOptional(),
    loops: loopsSchema.exactOptional(),
    subscriberId: z.string().exactOptional(),
    approval: approvalSchema.exactOptional(),
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
    ...(row.when_expression === null ? {} : { when: row.when_expression }),
    ...(row.capability === null ? { agent: row.agent_name } : { capability: row.capability }),
    task: row.task as Route["task"],
    ...(row.keys === null ? {} : { keys: row.keys as Keys }),
    ...(row.debounce === null ? {} : { debounce: row.debounce as Debounce }),
    ...(row.limits === null ? {} : { limits: row.limits as Limits }),
    ...(row.actors === null ? {} : { actors: row.actors as Actors }),
    ...(row.loops === null ? {} : { loops: row.loops as Loops }),
    ...(row.subscriber === null ? {} : { subscriberId: row.subscriber }),
    ...(row.approval === null ? {} : { approval: row.approval as NonNullable<Route["approval"]> }),
    enabled: row.enabled,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** What a stored route says, as it was written. */
export function rulesOfRow(row: Selectable<RoutesTable>): RouteRules {
  return {
    match: (row.match as object | null) ?? undefined,
    when: row.when_expression ?? undefined,
    task: row.task as object,
    keys: (row.keys as Keys | null) ?? undefined,
    debounce: (row.debounce as Debounce | null) ?? undefined,
    limits: (row.limits as Limits | null) ?? undefined,
    actors: (row.actors as Actors | null) ?? undefined,
    loops: (row.loops as Loops | null) ?? undefined,
    subscriberId: row.subscriber ?? undefined,
    approval: (row.approval as Approval | null) ?? undefined,
  };
}
