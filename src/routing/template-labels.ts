import { label, maxLabels } from "../tasks/labels.ts";
import type { Rendering, TemplateCompilation } from "./template-compilation.ts";
import { compileText } from "./template-string.ts";

const path = "task.labels";

/**
 * Compiles the labels of a task, each a text with placeholders. Rendered, each once, and without those that are empty: of an
 * event without what they name there is no label. One that is no label is a fault.
 */
export function compileLabels(
  compilation: TemplateCompilation,
  templates: unknown,
): ((rendering: Rendering) => readonly string[]) | undefined {
  if (!Array.isArray(templates) || templates.length > maxLabels || !templates.every((each) => typeof each === "string"))
    return compilation.errors.add(path, `must be a list of at most ${maxLabels} texts`);
  const renderers = templates.map((template, index) => compileText(compilation, `${path}.${index}`, template));
  if (!renderers.every((render) => render !== undefined)) return undefined;
  return (rendering) => {
    const labels = new Set<string>();
    for (const [index, render] of renderers.entries()) {
      const text = render(rendering);
      if (rendering.fault !== undefined) return [];
      if (text === "") continue;
      const parsed = label.safeParse(text);
      if (!parsed.success) {
        rendering.fault = { path: `${path}.${index}`, message: parsed.error.issues[0]?.message ?? "is no label" };
        return [];
      }
      labels.add(text);
    }
    return [...labels];
  };
}
