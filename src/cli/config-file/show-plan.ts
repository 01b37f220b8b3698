import { isDeepStrictEqual } from "node:util";
import { hideValues, namesVariable } from "./environment.ts";
import type { FieldChange } from "./compare.ts";
import type { Fields } from "./kinds.ts";
import type { Plan, Step } from "./plan.ts";
import type { ConfigFile } from "./read-config-file.ts";

const marks = { create: "+", update: "~", delete: "-" } as const;
const maxShown = 160;

function shorten(value: unknown): string {
  if (value === undefined) return "(none)";
  const text = JSON.stringify(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Of objects, the parts that differ: most of a task or of limits stays as it is.
function differences(path: string, before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [`${path}: ${shorten(before)} → ${shorten(after)}`];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differences(`${path}.${name}`, before[name], after[name]));
}

function changeLines({ kind, entry }: Step & { readonly action: "update" }, change: FieldChange): string[] {
  const field = kind.reference?.idField === change.field ? kind.reference.field : change.field;
  // What came from the environment is not shown, neither the new value nor the one before.
  if (kind.environmentFields.includes(field) && namesVariable(entry.written[field]))
    return [`${field}: not as the environment has it`];
  return differences(field, change.before, change.after);
}

/** What a step is about, for people. */
export function titleOf(step: Step): string {
  const fields = step.action === "delete" ? step.view : step.entry.written;
  const owner = step.kind.reference?.section === "subscribers" ? fields["subscriber"] : undefined;
  const name = step.kind.namesOf(fields)[0] ?? "";
  return `${step.kind.noun} ${JSON.stringify(name)}${typeof owner === "string" ? ` of ${owner}` : ""}`;
}

/** A plan as lines for people; without a value of the environment. */
export function showPlan({ steps, left }: Plan, { hidden }: ConfigFile): string {
  const lines = steps.flatMap((step) => [
    `  ${marks[step.action]} ${titleOf(step)}`,
    ...(step.action === "update" ? step.changes.flatMap((change) => changeLines(step, change)) : []).map(
      (line) => `      ${line}`,
    ),
  ]);
  const count = (action: Step["action"]): number => steps.filter((step) => step.action === action).length;
  const summary =
    steps.length === 0
      ? "Nothing to do: the hub is as the file says."
      : `${count("create")} to create, ${count("update")} to change, ${count("delete")} to delete.`;
  const extra = left === 0 ? "" : ` The hub has ${left} more that the file does not name; --prune deletes them.`;
  return hideValues([...lines, summary + extra].join("\n"), hidden);
}
