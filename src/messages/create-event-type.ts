import { z } from "zod";
import { authorise } from "../access/actor.ts";
import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, InvalidError } from "../lib/errors.ts";
import { type EventType, eventTypeErrors, eventTypeFields, eventTypeName, presentEventType } from "./event-type.ts";
import { insertEventType } from "./event-type-store.ts";

export const newEventType = z
  .strictObject({
    name: eventTypeName.describe("The `type` of its messages, e.g. `invoice.paid`."),
    description: eventTypeFields.description.exactOptional(),
    schema: eventTypeFields.schema.exactOptional(),
    example: eventTypeFields.example.exactOptional(),
    deprecated: eventTypeFields.deprecated.exactOptional(),
  })
  .meta({ id: "NewEventType" });

export type NewEventType = z.infer<typeof newEventType>;

/**
 * Adds an event type to the project's catalogue. Throws InvalidError for a schema that is not taken and for an example that
 * does not fit it, ConflictError `event_type_exists` when there is one of this name.
 */
export async function createEventType(ctx: Context, input: NewEventType): Promise<EventType> {
  authorise(ctx.actor, "eventTypes:write");
  const errors = eventTypeErrors(input.schema, input.example);
  if (errors.length > 0) throw new InvalidError("The event type is not valid", errors);
  const now = new Date(ctx.clock.now());
  return await ctx.db.transaction(async (tx) => {
    const row = await insertEventType(tx, {
      project_id: ctx.actor.projectId,
      name: input.name,
      description: input.description ?? null,
      schema: input.schema === undefined ? null : JSON.stringify(input.schema),
      example: input.example === undefined ? null : JSON.stringify(input.example),
      deprecated: input.deprecated ?? false,
      created_at: now,
      updated_at: now,
    });
    if (row === undefined) throw new ConflictError("event_type_exists", "There is an event type of this name already");
    const detail = { name: input.name, fields: Object.keys(input) };
    await recordAudit(ctx, tx, { action: "event-type.create", detail });
    return presentEventType(row);
  });
}
