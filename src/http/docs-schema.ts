import { referenceOf } from "./example-of-schema.ts";
import { escapeHtml } from "./html.ts";
import type { JsonSchema } from "./schema-book.ts";

// Deeper than this a reader is better served by the JSON.
const maxDepth = 4;

const bounds = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "format"] as const;

/** Text of the document as HTML, with what stands between backticks as code. */
export function renderProse(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  return (schema["anyOf"] ?? schema["oneOf"] ?? schema["allOf"] ?? []) as readonly JsonSchema[];
}

function renderType(schema: JsonSchema): string {
  const reference = referenceOf(schema);
  if (reference !== undefined) return `<a href="#schema-${escapeHtml(reference)}">${escapeHtml(reference)}</a>`;
  if ("const" in schema) return `<code>${escapeHtml(JSON.stringify(schema["const"]))}</code>`;
  const values = schema["enum"];
  if (Array.isArray(values))
    return values.map((value) => `<code>${escapeHtml(JSON.stringify(value))}</code>`).join(" | ");
  const branches = branchesOf(schema);
  if (branches.length > 0) return branches.map(renderType).join(" | ");
  const places = schema["prefixItems"];
  if (Array.isArray(places)) return `[${(places as readonly JsonSchema[]).map(renderType).join(", ")}]`;
  if (schema["type"] === "array") return `${renderType((schema["items"] ?? {}) as JsonSchema)}[]`;
  return typeof schema["type"] === "string" ? escapeHtml(schema["type"]) : "any";
}

function renderLimits(schema: JsonSchema): string {
  const said = bounds.flatMap((name) => {
    const value = schema[name];
    // zod writes the bounds of a safe integer on every integer.
    return value === undefined || Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER
      ? []
      : [`${name} ${JSON.stringify(value)}`];
  });
  if ("default" in schema) said.push(`default ${JSON.stringify(schema["default"])}`);
  return said.length === 0 ? "" : ` <small>${escapeHtml(said.join(", "))}</small>`;
}

/** One row of a table of fields or parameters. */
export function renderField(
  name: string,
  schema: JsonSchema,
  required: boolean,
  about = schema["description"],
): string {
  const mark = required ? ' <b title="required">*</b>' : "";
  const prose = typeof about === "string" ? renderProse(about) : "";
  const type = `${renderType(schema)}${renderLimits(schema)}`;
  return `<tr><td><code>${escapeHtml(name)}</code>${mark}</td><td>${type}</td><td>${prose}</td></tr>`;
}

function renderFields(schema: JsonSchema, prefix: string, depth: number): string {
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const rows = Object.entries(properties).map(([name, inner]) => {
    const path = prefix + name;
    const row = renderField(path, inner, required.has(name));
    if (depth >= maxDepth) return row;
    const items = inner["type"] === "array" ? ((inner["items"] ?? {}) as JsonSchema) : undefined;
    return row + renderFields(items ?? inner, items === undefined ? `${path}.` : `${path}[].`, depth + 1);
  });
  const fromBranches = branchesOf(schema).map((branch) => renderFields(branch, prefix, depth + 1));
  return [...rows, ...fromBranches].join("");
}

/**
 * A schema as a table of its fields, nested ones by their paths; named parts are links. With `components`, the fields of
 * the named schema itself are shown beside the link.
 */
export function renderSchema(schema: JsonSchema, components: Readonly<Record<string, JsonSchema>> = {}): string {
  const named = components[referenceOf(schema) ?? ""];
  const rows = renderFields(named ?? schema, "", 0);
  const type = named !== undefined || rows === "" ? `<p>${renderType(schema)}</p>` : "";
  return rows === "" ? type : `${type}<table>${rows}</table>`;
}
