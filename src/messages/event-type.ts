import { z } from "zod";
import { messageTypeForm } from "../lib/event-type-pattern.ts";
import { jsonObjectSchema } from "../lib/json-object-schema.ts";
import { storableText } from "../lib/storable-text.ts";
import type { EventTypeRow } from "./event-type-store.ts";
import { compileEventSchema } from "./event-schema.ts";

/** The name of an event type that a project may have. */
export const eventTypeName = z
  .string()
  .regex(messageTypeForm, { error: "must be 1 to 100 letters, digits, dots, dashes and underscores" })
  .refine((type) => !/^(task|endpoint|source|agent|message|route|budget)\./i.test(type), {
    error:
      "must not begin with task., endpoint., source., agent., message., route. or budget.: those are the hub's own",
  });

/** What can be said of an event type. */
export const eventTypeFields = {
  description: storableText(1_000),
  schema: jsonObjectSchema.describe(
    "A JSON Schema (2020-12, or draft-07 by `$schema`) that the `data` of its messages must fit. References to places of its own only; patterns are those of RE2.",
  ),
  example: jsonObjectSchema.describe("A `data` as receivers get it; test messages carry it."),
  deprecated: z.boolean(),
};

/** What is wrong with a schema and the example beside it, as field errors. */
export function eventTypeErrors(
  schema: object | null | undefined,
  example: object | null | undefined,
): { readonly path: string; readonly message: string }[] {
  if (schema === null || schema === undefined) return [];
  const compiled = compileEventSchema(schema);
  if (!compiled.ok) return [{ path: "schema", message: compiled.message }];
  if (example === null || example === undefined) return [];
  return compiled.validate(example).map(({ path, message }) => ({
    path: path.replace(/^data/, "example"),
    message: `does not fit the schema: ${message}`,
  }));
}

/** An event type as the API shows it. */
export const eventTypeSchema = z
  .object({
    name: z.string(),
    description: z.string().exactOptional(),
    schema: jsonObjectSchema.exactOptional(),
    example: jsonObjectSchema.exactOptional(),
    deprecated: z.boolean(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "EventType" });

export type EventType = z.infer<typeof eventTypeSchema>;

/** The public form of a stored event type. */
export function presentEventType(row: EventTypeRow): EventType {
  return {
    name: row.name,
    ...(row.description === null ? {} : { description: row.description }),
    ...(row.schema === null ? {} : { schema: row.schema as NonNullable<EventType["schema"]> }),
    ...(row.example === null ? {} : { example: row.example as NonNullable<EventType["example"]> }),
    deprecated: row.deprecated,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
