import { isJsonObject } from "./json-object.ts";
import type { RenderValue, TemplateCompilation } from "./template-compilation.ts";
import { compileString } from "./template-string.ts";

const MAXIMUM_DEPTH = 32;

/**
 * Compiles a JSON value with placeholders in its strings. A string that is one placeholder and nothing else becomes
 * the value itself, whatever its type; when it is absent, an object goes without that key and a list has null in that
 * place, so that later elements keep theirs.
 */
export function compileValue(
  compilation: TemplateCompilation,
  path: string,
  template: unknown,
  depth = 1,
): RenderValue | undefined {
  if (depth > MAXIMUM_DEPTH) return compilation.errors.add(path, `is nested more than ${MAXIMUM_DEPTH} levels deep`);
  if (typeof template === "string") return compileString(compilation, path, template);
  if (!compilation.accept(path)) return undefined;
  if (Array.isArray(template)) return compileList(compilation, path, template, depth);
  if (isJsonObject(template)) return compileObject(compilation, path, template, depth);
  if (template === null || typeof template === "boolean" || Number.isFinite(template)) return () => template;
  return compilation.errors.add(path, "is no JSON value");
}

function compileList(
  compilation: TemplateCompilation,
  path: string,
  template: readonly unknown[],
  depth: number,
): RenderValue | undefined {
  const elements: RenderValue[] = [];
  for (const [index, element] of template.entries()) {
    if (compilation.isOver) return undefined;
    const render = compileValue(compilation, `${path}.${index}`, element, depth + 1);
    if (render !== undefined) elements.push(render);
  }
  return (rendering) => elements.map((render) => (rendering.fault === undefined ? (render(rendering) ?? null) : null));
}

function compileObject(
  compilation: TemplateCompilation,
  path: string,
  template: Readonly<Record<string, unknown>>,
  depth: number,
): RenderValue | undefined {
  const fields: (readonly [key: string, render: RenderValue])[] = [];
  for (const [key, value] of Object.entries(template)) {
    if (compilation.isOver || !compilation.accept(path, key)) return undefined;
    const place = `${path}.${key}`;
    if (key === "__proto__") return compilation.errors.add(place, "is no name for a parameter");
    const render = compileValue(compilation, place, value, depth + 1);
    if (render !== undefined) fields.push([key, render]);
  }
  return (rendering) => {
    const rendered: Record<string, unknown> = {};
    for (const [key, render] of fields) {
      const value = rendering.fault === undefined ? render(rendering) : undefined;
      if (value !== undefined) rendered[key] = value;
    }
    return rendered;
  };
}
