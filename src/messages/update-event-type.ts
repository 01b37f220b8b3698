import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { InvalidError, NotFoundError } from "../lib/errors.ts";
import { type EventType, eventTypeErrors, eventTypeFields, presentEventType } from "./event-type.ts";
import { selectEventType, updateEventTypeRow } from "./event-type-store.ts";

export const eventTypeChanges = z
  .strictObject({
    description: eventTypeFields.description.nullable().exactOptional(),
    schema: eventTypeFields.schema.nullable().exactOptional(),
    example: eventTypeFields.example.nullable().exactOptional(),
    deprecated: eventTypeFields.deprecated.exactOptional(),
  })
  .describe("An absent field stays as it is, null clears it.")
  .meta({ id: "EventTypeChanges" });

export type EventTypeChanges = z.infer<typeof eventTypeChanges>;

function jsonColumn(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** Changes an event type; messages published from then on are held against its schema. Throws like `createEventType`. */
export async function updateEventType(ctx: Context, name: string, changes: EventTypeChanges): Promise<EventType> {
  authorise(ctx.actor, "eventTypes:write");
  const { projectId } = ctx.actor;
  const { description, schema, example, deprecated } = changes;
  return await ctx.db.transaction(async (tx) => {
    const present = await selectEventType(tx, projectId, name, "update");
    if (present === undefined) throw new NotFoundError("There is no such event type in this project");
    const nextSchema = schema === undefined ? (present.schema as object | null) : schema;
    const nextExample = example === undefined ? (present.example as object | null) : example;
    const errors = eventTypeErrors(nextSchema, nextExample);
    if (errors.length > 0) throw new InvalidError("The event type is not valid", errors);
    const row = await updateEventTypeRow(tx, projectId, name, {
      ...(description === undefined ? {} : { description }),
      ...(schema === undefined ? {} : { schema: jsonColumn(schema) }),
      ...(example === undefined ? {} : { example: jsonColumn(example) }),
      ...(deprecated === undefined ? {} : { deprecated }),
      updated_at: new Date(ctx.clock.now()),
    });
    await recordAudit(ctx, tx, { action: "event-type.update", detail: { name, fields: Object.keys(changes) } });
    return presentEventType(row);
  });
}
