const maxBytes = 32_768;
const maxDepth = 32;
const maxPlaces = 1_000;
const maxUniqueItems = 1_000;

const drafts = /^https?:\/\/json-schema\.org\/(draft\/2020-12\/schema|draft-07\/schema)#?$/;
// What names a place elsewhere: a schema stands for itself.
const elsewhere = new Set(["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"]);
// Below these are names of the author's, each with a schema.
const named = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
// Below these are values, not schemas.
const values = new Set(["const", "enum", "default", "examples", "example"]);

/** Thrown while a schema is walked; its message is for the author. */
class SchemaProblem extends Error {}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Counts the places that one value may be held against, with every reference followed. */
class Walk {
  readonly #root: Json;
  #places = 0;

  constructor(root: Json) {
    this.#root = root;
  }

  get places(): number {
    return this.#places;
  }

  // `following` are the references on the way here: one that leads back to itself would never end, or double at each level.
  schema(value: unknown, depth: number, following: readonly string[]): void {
    if (typeof value !== "object" || value === null) return;
    if (depth > maxDepth) throw new SchemaProblem(`is nested more than ${maxDepth} levels deep`);
    this.#places += 1;
    if (this.#places > maxPlaces)
      throw new SchemaProblem(`has more than ${maxPlaces} places, counting each as often as it is referred to`);
    if (Array.isArray(value)) for (const element of value) this.schema(element, depth + 1, following);
    if (!isObject(value)) return;
    for (const [keyword, below] of Object.entries(value)) {
      if (elsewhere.has(keyword)) throw new SchemaProblem(`must not use ${keyword}`);
      if (keyword === "$ref") this.#follow(below, depth, following);
      else if (named.has(keyword) && isObject(below))
        for (const each of Object.values(below)) this.schema(each, depth + 1, following);
      else if (!values.has(keyword)) this.schema(below, depth + 1, following);
    }
    if (value["uniqueItems"] === true) this.#checkUnique(value);
  }

  #follow(reference: unknown, depth: number, following: readonly string[]): void {
    if (typeof reference !== "string" || !reference.startsWith("#"))
      throw new SchemaProblem("must refer to places of its own only, such as #/$defs/address");
    if (following.includes(reference)) throw new SchemaProblem(`refers to itself by ${reference.slice(0, 100)}`);
    let target: unknown = this.#root;
    for (const part of reference.split("/").slice(1)) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      const isThere = typeof target === "object" && target !== null && Object.hasOwn(target, key);
      if (!isThere) throw new SchemaProblem(`refers to ${reference.slice(0, 100)}, which is not there`);
      target = (target as Json)[key];
    }
    this.schema(target, depth + 1, [...following, reference]);
  }

  // Ajv compares each element with each other one.
  #checkUnique({ maxItems }: Json): void {
    if (typeof maxItems === "number" && maxItems <= maxUniqueItems) return;
    throw new SchemaProblem(`has uniqueItems without maxItems of at most ${maxUniqueItems}`);
  }
}

/** How many places a sound schema has. */
export function placesOf(schema: object): number {
  const walk = new Walk(schema as Json);
  walk.schema(schema, 0, []);
  return walk.places;
}

/** Why a schema is not taken, or undefined: it is too large, refers elsewhere or to itself, or could take long to check. */
export function eventSchemaProblem(schema: object): string | undefined {
  if (Buffer.byteLength(JSON.stringify(schema)) > maxBytes) return `is larger than ${maxBytes} bytes`;
  const draft = (schema as Json)["$schema"];
  if (draft !== undefined && !(typeof draft === "string" && drafts.test(draft)))
    return "must be of the draft 2020-12 or draft-07";
  try {
    placesOf(schema);
    return undefined;
  } catch (error) {
    if (error instanceof SchemaProblem) return error.message;
    if (error instanceof URIError) return "has a reference that is no URI fragment";
    throw error;
  }
}
