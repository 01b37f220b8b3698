import { InvalidError } from "../lib/errors.ts";

interface Finding {
  /** From the innermost outwards. */
  readonly path: string[];
  readonly message: string;
}

function findIn(value: unknown, nulAllowed: boolean, freeFields: readonly string[]): Finding | undefined {
  if (typeof value === "string")
    return nulAllowed || !value.includes("\u0000") ? undefined : { path: [], message: "must not contain NUL" };
  // JSON.parse reads 1e999 as Infinity, which JSON.stringify would write as null.
  if (typeof value === "number")
    return Number.isFinite(value) ? undefined : { path: [], message: "must be a number that a double can hold" };
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const free = nulAllowed || freeFields.includes(key);
    const found = findIn(key, free, []) ?? findIn(inner, free, []);
    if (found !== undefined) return { ...found, path: [...found.path, key] };
  }
  return undefined;
}

/**
 * Throws InvalidError for the first value of parsed JSON that Postgres would not keep as it is: NUL in a string or a name
 * (22P05 in `text`), a number that is not finite. `freeFields` are top-level fields that are stored as json or bytes, and so
 * may hold NUL. The nesting must have been bounded before.
 */
export function rejectUnstorable(input: unknown, freeFields: readonly string[] = []): void {
  const found = findIn(input, false, freeFields);
  if (found === undefined) return;
  const path = found.path.toReversed().join(".").slice(0, 200);
  throw new InvalidError(`The request is not valid: ${path} ${found.message}`, [{ path, message: found.message }]);
}
