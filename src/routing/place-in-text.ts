const MAXIMUM_EXCERPT = 40;

/**
 * A message for the person who wrote a text: where in it the fault is, counted from 1, what stands there, and what is wrong:
 * `at line 1, column 12, "foo && bar": …`.
 */
export function placeInText(text: string, offset: number, message: string): string {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  const rest = text.slice(offset).split("\n", 1)[0] ?? "";
  const excerpt = rest.length > MAXIMUM_EXCERPT ? `${rest.slice(0, MAXIMUM_EXCERPT)}…` : rest;
  return `at line ${line}, column ${column}, ${excerpt === "" ? "the end" : JSON.stringify(excerpt)}: ${message}`;
}
