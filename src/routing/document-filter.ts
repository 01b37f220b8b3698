import type { FieldError } from "../lib/errors.ts";
import { celSubject } from "./cel.ts";
import { CompileErrors } from "./compile-errors.ts";
import { compileWhen } from "./compile-when.ts";
import type { StepAccount } from "./event-allowance.ts";
import type { KeyRule } from "./match-keys.ts";
import { compilePattern } from "./match.ts";

/** What a filter says: a pattern, a CEL expression, or both, which must then both hold. */
interface WrittenFilter {
  readonly match?: unknown;
  readonly when?: string | undefined;
}

export type CompiledFilter =
  | {
      readonly ok: true;
      /** Pure and never throws. A document on which it fails, or costs too much, does not fit. */
      readonly fits: (document: object) => boolean;
    }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

// Half a millisecond: one document may be held against a thousand filters.
const maxSteps = 50_000;

const anyKeys: KeyRule = { fault: () => undefined, below: () => anyKeys };

/**
 * Makes a compiler of filters in the language of routes (`match`, `when`) over documents of one kind: `name` is the variable of
 * its expressions, `schema` the types of what it has, as cel-js writes them.
 */
export function filterCompiler(
  name: string,
  schema: Readonly<Record<string, string>>,
): (filter: WrittenFilter) => CompiledFilter {
  const subject = celSubject(name, schema);
  const keys: KeyRule = {
    fault: (key) =>
      Object.hasOwn(schema, key) ? undefined : `is no part of a ${name}; use ${Object.keys(schema).join(", ")}`,
    below: () => anyKeys,
  };
  return ({ match, when }) => {
    const account: StepAccount = { remaining: 0 };
    const pattern = compilePattern(match, account, keys);
    const errors = new CompileErrors();
    const condition = when === undefined ? undefined : compileWhen(errors, when, account, subject);
    const found = [...(pattern.ok ? [] : pattern.errors), ...errors.found];
    if (!pattern.ok || found.length > 0) return { ok: false, errors: found };
    return {
      ok: true,
      fits(document) {
        account.remaining = maxSteps;
        if (pattern.firstMismatch(document) !== undefined) return false;
        if (condition === undefined) return true;
        const result = condition(document);
        return result.ok && result.holds;
      },
    };
  };
}
