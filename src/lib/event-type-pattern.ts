import { z } from "zod";

// Each star multiplies what comparing one type may cost.
const maxStars = 2;

/** The form of a message's type. */
export const messageTypeForm = /^[a-zA-Z0-9._-]{1,100}$/;

/** A message's type, or several by a pattern: `*` stands for any run of characters, dots included. */
export const eventTypePattern = z
  .string()
  .regex(/^[a-zA-Z0-9._*-]{1,100}$/, { error: "must be the type of a message such as task.completed or task.*" })
  .refine((pattern) => pattern.split("*").length <= maxStars + 1, { error: `must have at most ${maxStars} *` });

/** What an endpoint's list of types is stored as: once as it was given, and its patterns as Postgres' LIKE takes them. */
export function eventTypeColumns(eventTypes: readonly string[] | null): {
  readonly event_types: string[] | null;
  readonly event_type_patterns: string[] | null;
} {
  if (eventTypes === null) return { event_types: null, event_type_patterns: null };
  const unique = [...new Set(eventTypes)];
  const patterns = unique.filter((type) => type.includes("*"));
  return {
    event_types: unique,
    event_type_patterns:
      patterns.length === 0 ? null : patterns.map((type) => type.replaceAll("_", "\\_").replaceAll("*", "%")),
  };
}

/** A test for what an endpoint's list of types asks for; with null, every type. */
export function compileEventTypes(eventTypes: readonly string[] | null): (type: string) => boolean {
  if (eventTypes === null) return () => true;
  const exact = new Set(eventTypes);
  const patterns = eventTypes
    .filter((type) => type.includes("*"))
    .map((type) => new RegExp(`^${type.replaceAll(".", "\\.").replaceAll("*", ".*")}$`));
  return (type) => exact.has(type) || patterns.some((pattern) => pattern.test(type));
}
