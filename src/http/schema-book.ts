import { z } from "zod";

/** A JSON Schema (2020-12) as OpenAPI 3.1 holds it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Whether a schema describes what is sent (defaults may be left out) or what is answered. */
export type Direction = "input" | "output";

type Definitions = Readonly<Record<string, JsonSchema>>;

const localPrefix = "#/$defs/";
const componentPrefix = "#/components/schemas/";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isRecord(value)) return [];
  const reference = value["$ref"];
  const own =
    typeof reference === "string" && reference.startsWith(localPrefix) ? [reference.slice(localPrefix.length)] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}

function renameIn(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renameIn(item, names));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === "$ref" && typeof inner === "string"
        ? [key, componentPrefix + (names.get(inner.slice(localPrefix.length)) ?? inner)]
        : [key, renameIn(inner, names)],
    ),
  );
}

// A definition together with all that it refers to: two of one name are the same only if this is.
function closureOf(name: string, definitions: Definitions): string {
  const reached = new Set([name]);
  for (const each of reached) for (const next of referencesIn(definitions[each])) reached.add(next);
  return JSON.stringify([...reached].map((each) => [each, definitions[each]]));
}

/**
 * Turns zod schemas into JSON Schemas and gathers those that have a name (`.meta({ id })`) as components, each once. What
 * differs between sending and answering, by a default say, becomes two components.
 */
export class SchemaBook {
  readonly #components = new Map<string, unknown>();
  readonly #claims = new Map<string, { readonly closure: string; readonly direction: Direction }>();
  #unnamed = 0;

  /** The schema, with references to components for its named parts. */
  add(schema: z.ZodType, direction: Direction): JsonSchema {
    // Inside another one, a schema that refers to itself becomes a part with a name of its own, instead of "#".
    const { $defs, properties } = z.toJSONSchema(z.object({ schema }), {
      io: direction,
      unrepresentable: "any",
      override: ({ jsonSchema }) => {
        // The pattern behind a date-time fills half a screen and says no more than the format.
        if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
      },
    });
    const definitions = ($defs ?? {}) as Definitions;
    const names = new Map(Object.keys(definitions).map((name) => [name, this.#nameOf(name, definitions, direction)]));
    for (const [name, definition] of Object.entries(definitions))
      this.#components.set(names.get(name) ?? name, renameIn(definition, names));
    return renameIn(properties?.["schema"], names) as JsonSchema;
  }

  /** The components so far, by name. */
  get components(): Readonly<Record<string, JsonSchema>> {
    const sorted = [...this.#components].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(sorted) as Record<string, JsonSchema>;
  }

  #nameOf(name: string, definitions: Definitions, direction: Direction): string {
    const closure = closureOf(name, definitions);
    // zod's own name for a part that refers to itself, counted anew in each schema.
    if (/^__schema\d+$/.test(name)) {
      for (const [known, claim] of this.#claims) if (claim.closure === closure) return known;
      this.#unnamed += 1;
      return this.#claim(`Recursive${this.#unnamed}`, closure, direction);
    }
    const known = this.#claims.get(name);
    if (known === undefined || known.closure === closure || known.direction === direction)
      return this.#claim(name, closure, direction);
    return this.#claim(`${name}${direction === "input" ? "Input" : "Output"}`, closure, direction);
  }

  #claim(name: string, closure: string, direction: Direction): string {
    const known = this.#claims.get(name);
    if (known !== undefined && known.closure !== closure)
      throw new Error(`Two different schemas have the name ${name}`);
    if (known === undefined) this.#claims.set(name, { closure, direction });
    return name;
  }
}
