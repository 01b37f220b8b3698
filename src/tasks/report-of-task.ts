import { parseReport, type Report } from "./parse-report.ts";

// Where an agent's result has its text when it is more than a text.
const textFields = ["report", "text", "markdown", "output", "content"];
const maxCharacters = 262_144;

function textOf(result: unknown): string | undefined {
  if (typeof result === "string") return result;
  if (typeof result !== "object" || result === null || Array.isArray(result)) return undefined;
  const values = textFields.map((name): unknown =>
    Object.hasOwn(result, name) ? Reflect.get(result, name) : undefined,
  );
  return values.find((value): value is string => typeof value === "string" && value.includes("\n"));
}

/** The report that a task's result is, or holds as its text; undefined when it is none. */
export function reportInResult(result: unknown): Report | undefined {
  const text = textOf(result);
  return text === undefined || text.length > maxCharacters || !text.includes("\n") ? undefined : parseReport(text);
}
