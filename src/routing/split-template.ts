/**
 * A piece of a template: literal text, or the source of an expression and where it begins (characters, counted from
 * 0).
 */
type TemplatePart = string | { readonly expression: string; readonly offset: number };

type SplitTemplate =
  | { readonly ok: true; readonly parts: readonly TemplatePart[] }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/**
 * Splits a template into its literal text and its `${…}` placeholders, without a look at what an expression means. In
 * a run of `$` right before `{`, two stand for one literal `$`: `$${` is a literal `${`, and `$$${total}` a literal
 * `$` before a placeholder. Elsewhere `$` is itself. Linear in the text; empty literals are left out.
 */
export function splitTemplate(template: string): SplitTemplate {
  const parts: TemplatePart[] = [];
  let literal = "";
  let index = 0;
  while (index < template.length) {
    const brace = template.indexOf("{", index);
    if (brace === -1) break;
    let dollars = 0;
    while (brace - dollars > index && template[brace - dollars - 1] === "$") dollars += 1;
    literal += template.slice(index, brace - dollars) + "$".repeat(dollars >> 1);
    if (dollars % 2 === 0) {
      literal += "{";
      index = brace + 1;
      continue;
    }
    const end = endOfExpression(template, brace + 1);
    if (end === undefined)
      return { ok: false, message: "${ has no closing }; write $${ for the text ${", offset: brace - 1 };
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push({ expression: template.slice(brace + 1, end), offset: brace + 1 });
    index = end + 1;
  }
  literal += template.slice(index);
  if (literal !== "") parts.push(literal);
  return { ok: true, parts };
}

/**
 * Where the `}` of an expression stands: not within quotes, and not the one of a brace that the expression opened
 * itself.
 */
function endOfExpression(template: string, start: number): number | undefined {
  let open = 0;
  let quote: string | undefined;
  for (let index = start; index < template.length; index += 1) {
    const character = template[index];
    if (quote !== undefined) {
      if (character === "\\") index += 1;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === "{") {
      open += 1;
    } else if (character === "}") {
      if (open === 0) return index;
      open -= 1;
    }
  }
  return undefined;
}
