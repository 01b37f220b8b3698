import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { RE2JS } from "re2js";
import type { FieldError } from "../lib/errors.ts";
import { eventSchemaProblem, placesOf } from "./event-schema-limits.ts";

/** Tells what is wrong with the data of a message; nothing is an empty list. */
type EventValidator = (data: object) => readonly FieldError[];

export type CompiledEventSchema =
  | { readonly ok: true; readonly validate: EventValidator }
  | { readonly ok: false; readonly message: string };

// About one comparison for each place of the schema and byte of the data: 2 s of the event loop would be 10 times this.
const maxWork = 200_000_000;
const maxPatternCharacters = 1_000;
const maxKept = 500;

// V8's expressions may take longer than the universe for twenty characters; RE2's are linear.
function linearExpression(pattern: string): { test(text: string): boolean; toString(): string } {
  if (pattern.length > maxPatternCharacters)
    throw new Error(`a pattern is longer than ${maxPatternCharacters} characters`);
  const expression = RE2JS.compile(pattern);
  // Ajv keeps one for all that look alike.
  return { test: (text) => expression.matcher(text).find(), toString: () => pattern };
}

const options = {
  // An unknown keyword is a mistake; the other rules of strict mode are about style, and refuse what many generators write.
  strictSchema: true,
  strictNumbers: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  // `format` is a note in 2020-12 (Validation, §7.2.1).
  validateFormats: false,
  addUsedSchema: false,
  logger: false,
  code: { regExp: Object.assign(linearExpression, { code: "linearExpression" }) },
} as const;

function errorOf({ instancePath, keyword, message, params }: ErrorObject): FieldError {
  const place = instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const extra = keyword === "additionalProperties" ? [String(params["additionalProperty"])] : [];
  const path = ["data", ...place, ...extra].join(".").slice(0, 200);
  return { path, message: message ?? "does not fit the schema" };
}

function compile(schema: object): CompiledEventSchema {
  const message = eventSchemaProblem(schema);
  if (message !== undefined) return { ok: false, message };
  const draft = (schema as { readonly $schema?: unknown }).$schema;
  const isDraft7 = typeof draft === "string" && draft.includes("draft-07");
  let validate: ValidateFunction;
  try {
    validate = (isDraft7 ? new Ajv(options) : new Ajv2020(options)).compile(schema);
  } catch (error) {
    // What Ajv and RE2 say is about the schema, which the caller has written.
    const why = error instanceof Error ? error.message.slice(0, 300) : "it cannot be compiled";
    return { ok: false, message: `is not a usable JSON Schema: ${why}` };
  }
  const places = placesOf(schema);
  return {
    ok: true,
    validate(data) {
      const bytes = Buffer.byteLength(JSON.stringify(data));
      if (bytes * places > maxWork)
        return [{ path: "data", message: "is too large to be checked against the schema of its type" }];
      return validate(data) ? [] : (validate.errors ?? []).map(errorOf);
    },
  };
}

const kept = new Map<string, CompiledEventSchema>();

/**
 * Compiles the JSON Schema (2020-12, or draft-07 where `$schema` says so) of an event type. Never throws: what is wrong with
 * it is a message for its author. Compiling takes milliseconds, so the last five hundred are kept, by their text.
 */
export function compileEventSchema(schema: object): CompiledEventSchema {
  const text = JSON.stringify(schema);
  const known = kept.get(text);
  if (known !== undefined) return known;
  const compiled = compile(schema);
  if (!compiled.ok) return compiled;
  kept.set(text, compiled);
  const [oldest] = kept.keys();
  if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
  return compiled;
}
