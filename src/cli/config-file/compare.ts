import { isDeepStrictEqual } from "node:util";
import type { Fields, Kind } from "./kinds.ts";

/** A field that is not as the file says. */
export interface FieldChange {
  readonly field: string;
  /** As the API shows it; undefined: not set. */
  readonly before: unknown;
  /** As the API will show it; undefined: not set. */
  readonly after: unknown;
  /** What to send for it. */
  readonly sent: unknown;
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === undefined || other === undefined) return one === other;
  // As JSON, in which they travel: no undefined fields, no -0.
  return isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
}

/** What an absent field is set to; undefined: it stays as it is, for what is switched on or off is not the file's alone. */
function cleared({ changes, defaults }: Kind, field: string, before: unknown): { readonly sent: unknown } | undefined {
  if (defaults !== undefined && Object.hasOwn(defaults, field)) return { sent: defaults[field] };
  if (changes.shape[field]?.safeParse(null).success === true) return { sent: null };
  if (Array.isArray(before)) return { sent: [] };
  return typeof before === "object" && before !== null ? { sent: {} } : undefined;
}

/** The fields of `view` that are not as `body` says. A field that the body lacks is to be cleared, but for switches. */
export function changesOf(kind: Kind, body: Fields, view: Fields): readonly FieldChange[] {
  const shown = kind.shown?.(body) ?? body;
  return Object.keys(kind.changes.shape).flatMap((field): FieldChange[] => {
    const before = view[field];
    if (body[field] !== undefined) {
      const after = shown[field];
      return isSame(before, after) ? [] : [{ field, before, after, sent: body[field] }];
    }
    const empty = before === undefined ? undefined : cleared(kind, field, before);
    if (empty === undefined || isSame(before, empty.sent)) return [];
    return [{ field, before, after: empty.sent ?? undefined, sent: empty.sent }];
  });
}

/** A field that the API never changes and that is not as the body says. */
export function frozenField(kind: Kind, body: Fields, view: Fields): string | undefined {
  return Object.keys(body).find(
    (field) =>
      !Object.hasOwn(kind.changes.shape, field) && view[field] !== undefined && !isSame(view[field], body[field]),
  );
}
