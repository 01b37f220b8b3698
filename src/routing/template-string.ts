import type { EventDocument } from "./event-document.ts";
import { compilePathExpression } from "./path-expression.ts";
import type { Rendering, RenderValue, TemplateCompilation } from "./template-compilation.ts";
import { splitTemplate } from "./split-template.ts";

interface Placeholder {
  readonly path: string;
  readonly source: string;
  readonly evaluate: (document: EventDocument) => unknown;
}

/**
 * Compiles a text with placeholders. A string goes in as it is, a number or boolean in its JSON form, an object or
 * list as compact JSON, null and an absent value as nothing. What was put in is never looked at again: a `${` from a
 * payload stays text.
 */
export function compileText(
  compilation: TemplateCompilation,
  path: string,
  template: string,
): ((rendering: Rendering) => string) | undefined {
  const parts = compileParts(compilation, path, template);
  return parts === undefined ? undefined : (rendering) => renderText(parts, path, rendering);
}

/**
 * Compiles a string of the parameters. When it is one placeholder and nothing else it becomes the value itself,
 * whatever its type; otherwise it is a text.
 */
export function compileString(
  compilation: TemplateCompilation,
  path: string,
  template: string,
): RenderValue | undefined {
  const parts = compileParts(compilation, path, template);
  if (parts === undefined) return undefined;
  const [only] = parts;
  if (parts.length !== 1 || only === undefined || typeof only === "string") {
    return (rendering) => renderText(parts, path, rendering);
  }
  return (rendering) => {
    const value = only.evaluate(rendering.document);
    textOf(value, only, rendering);
    return value;
  };
}

function compileParts(
  compilation: TemplateCompilation,
  path: string,
  template: string,
): readonly (string | Placeholder)[] | undefined {
  if (!compilation.accept(path, template)) return undefined;
  const fail = (message: string, offset: number): undefined =>
    compilation.errors.add(path, `at character ${offset + 1}: ${message}`);
  const split = splitTemplate(template);
  if (!split.ok) return fail(split.message, split.offset);
  const parts: (string | Placeholder)[] = [];
  for (const part of split.parts) {
    if (typeof part === "string") {
      parts.push(part);
      continue;
    }
    const expression = compilePathExpression(part.expression);
    if (!expression.ok) return fail(`${quote(part.expression)} ${expression.message}`, part.offset + expression.offset);
    parts.push({ path, source: part.expression, evaluate: expression.evaluate });
  }
  return parts;
}

function renderText(parts: readonly (string | Placeholder)[], path: string, rendering: Rendering): string {
  let text = "";
  for (const part of parts) {
    if (rendering.fault !== undefined) return "";
    if (typeof part === "string") spend(part, path, rendering);
    text += typeof part === "string" ? part : textOf(part.evaluate(rendering.document), part, rendering);
  }
  return text;
}

/** A value in the form it takes inside text, charged to the rendering. */
function textOf(value: unknown, { path, source }: Placeholder, rendering: Rendering): string {
  if (value === undefined || value === null) return "";
  let text: string;
  try {
    text = typeof value === "string" ? value : JSON.stringify(value);
  } catch {
    // JSON.parse takes any depth, JSON.stringify recurses: 10,000 objects inside each other overflow its stack.
    rendering.fault = { path, message: `${quote(source)} is nested too deeply to be rendered` };
    return "";
  }
  spend(text, path, rendering);
  return text;
}

function spend(text: string, path: string, rendering: Rendering): void {
  rendering.remaining -= Buffer.byteLength(text);
  if (rendering.remaining < 0) rendering.fault ??= { path, message: "is larger than a rendered task may be" };
}

/** The placeholder as the user wrote it, cut where a message would become unreadable. */
function quote(expression: string): string {
  return `\${${expression.length > 100 ? `${expression.slice(0, 100)}…` : expression}}`;
}
