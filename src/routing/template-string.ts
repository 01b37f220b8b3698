import { compileCel } from "./cel.ts";
import type { CelResult } from "./cel-value.ts";
import type { EventDocument } from "./event-document.ts";
import { placeInText } from "./place-in-text.ts";
import { splitTemplate } from "./split-template.ts";
import type { Rendering, RenderValue, TemplateCompilation } from "./template-compilation.ts";

/** A `${…}` of a template. */
export interface Placeholder {
  readonly source: string;
  readonly evaluate: (document: EventDocument) => CelResult;
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
    const value = valueOf(only, path, rendering);
    textOf(value, only, path, rendering);
    return value;
  };
}

/** The literal texts and placeholders of a template, in turn. */
export function compileParts(
  compilation: TemplateCompilation,
  path: string,
  template: string,
): readonly (string | Placeholder)[] | undefined {
  if (!compilation.accept(path, template)) return undefined;
  const fail = (message: string, offset: number): undefined =>
    compilation.errors.add(path, placeInText(template, offset, message));
  const split = splitTemplate(template);
  if (!split.ok) return fail(split.message, split.offset);
  const parts: (string | Placeholder)[] = [];
  for (const part of split.parts) {
    if (typeof part === "string") {
      parts.push(part);
      continue;
    }
    // The first one is counted with its text.
    if (parts.some((other) => typeof other !== "string") && !compilation.accept(path)) return undefined;
    const compiled = compileCel(part.expression, compilation.account);
    if (!compiled.ok) return fail(compiled.message, part.offset + compiled.offset);
    parts.push({ source: part.expression, evaluate: compiled.evaluate });
  }
  return parts;
}

function renderText(parts: readonly (string | Placeholder)[], path: string, rendering: Rendering): string {
  let text = "";
  for (const part of parts) {
    if (rendering.fault !== undefined) return "";
    if (typeof part === "string") spend(part, path, rendering);
    text += typeof part === "string" ? part : textOf(valueOf(part, path, rendering), part, path, rendering);
  }
  return text;
}

/** The value of a placeholder; undefined when the event does not have it, or the rendering has failed. */
function valueOf({ source, evaluate }: Placeholder, path: string, rendering: Rendering): unknown {
  const result = evaluate(rendering.document);
  if (result.ok) return result.value;
  if (!result.isAbsent) rendering.fault ??= { path, message: `${quote(source)}: ${result.message}` };
  return undefined;
}

/** A value in the form it takes inside text, charged to the rendering. */
function textOf(value: unknown, { source }: Placeholder, path: string, rendering: Rendering): string {
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
