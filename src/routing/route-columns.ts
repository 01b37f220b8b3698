import type { Approval } from "../tasks/input-request.ts";
import type { Actors, Debounce, Keys, Limits, Loops } from "./route-rules.ts";

interface WrittenRules {
  readonly match?: object | null;
  readonly when?: string | null;
  readonly task?: object;
  readonly keys?: Keys | null;
  readonly debounce?: Debounce | null;
  readonly limits?: Limits | null;
  readonly actors?: Actors | null;
  readonly loops?: Loops | null;
  readonly subscriberId?: string | null;
  readonly approval?: Approval | null;
}

const jsonFields = ["match", "keys", "debounce", "limits", "actors", "loops", "approval"] as const;

/** As they are written: json as text. */
type RuleColumns = { [Column in (typeof jsonFields)[number] | "when_expression" | "subscriber"]?: string | null } & {
  task?: string;
};

/** The columns of what is said of a route: those of absent fields stay as they are, null clears. */
export function routeColumns(written: WrittenRules): RuleColumns {
  const { when, task, subscriberId } = written;
  const columns: RuleColumns = {};
  for (const field of jsonFields) {
    const value = written[field];
    if (value !== undefined) columns[field] = value === null ? null : JSON.stringify(value);
  }
  if (when !== undefined) columns.when_expression = when;
  if (task !== undefined) columns.task = JSON.stringify(task);
  if (subscriberId !== undefined) columns.subscriber = subscriberId;
  return columns;
}
