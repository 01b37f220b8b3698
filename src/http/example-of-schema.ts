import type { JsonSchema } from "./schema-book.ts";

type Schemas = Readonly<Record<string, JsonSchema>>;

const componentPrefix = "#/components/schemas/";
// Schemas may refer to themselves.
const maxDepth = 6;

/** The component that a schema refers to, by name, if it is a reference. */
export function referenceOf({ $ref }: JsonSchema): string | undefined {
  return typeof $ref === "string" && $ref.startsWith(componentPrefix) ? $ref.slice(componentPrefix.length) : undefined;
}

function exampleOfText({ format, pattern }: JsonSchema): string {
  if (format === "date-time") return "2026-01-31T12:00:00Z";
  if (format === "uri") return "https://example.com/hook";
  // The pattern of a wire id begins with its prefix.
  const prefix = typeof pattern === "string" ? /^\^([a-z]{3}_)\[/.exec(pattern)?.[1] : undefined;
  return prefix === undefined ? "…" : `${prefix}01h2xcejqtf2nbrexx3vqjhp41`;
}

function exampleOfObject(schema: JsonSchema, schemas: Schemas, depth: number): Record<string, unknown> {
  const properties = (schema["properties"] ?? {}) as Schemas;
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const shown = Object.entries(properties).filter(([name, inner]) => required.has(name) || "example" in inner);
  return Object.fromEntries(shown.map(([name, inner]) => [name, exampleOf(inner, schemas, depth + 1)]));
}

// Of a tuple zod says the places, and that nothing follows them: `items: false`.
function exampleOfList(schema: JsonSchema, schemas: Schemas, depth: number): unknown[] {
  const places = schema["prefixItems"];
  const items = Array.isArray(places) ? (places as readonly JsonSchema[]) : [(schema["items"] ?? {}) as JsonSchema];
  return items.map((inner) => exampleOf(inner, schemas, depth + 1));
}

/** A value that the schema lets through as far as its keywords tell: required fields, and those that have an example. */
export function exampleOf(schema: JsonSchema, schemas: Schemas, depth = 0): unknown {
  if (depth > maxDepth) return {};
  const reference = referenceOf(schema);
  if (reference !== undefined) return exampleOf(schemas[reference] ?? {}, schemas, depth + 1);
  for (const keyword of ["example", "const", "default"]) if (keyword in schema) return schema[keyword];
  for (const keyword of ["examples", "enum"]) {
    const values = schema[keyword];
    if (Array.isArray(values)) return values[0];
  }
  for (const keyword of ["anyOf", "oneOf", "allOf"]) {
    const branches = schema[keyword];
    if (Array.isArray(branches)) return exampleOf(branches[0] as JsonSchema, schemas, depth + 1);
  }
  switch (schema["type"]) {
    case "string":
      return exampleOfText(schema);
    case "integer":
    case "number":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 1;
    case "boolean":
      return true;
    case "array":
      return exampleOfList(schema, schemas, depth);
    default:
      return exampleOfObject(schema, schemas, depth);
  }
}
