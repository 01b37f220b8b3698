import type { FieldError } from "../lib/errors.ts";
import type { StepAccount } from "./event-allowance.ts";
import type { EventDocument } from "./event-document.ts";
import { isJsonObject } from "./json-object.ts";
import { MatchCompilation } from "./match-compilation.ts";
import { documentKeys, type KeyRule } from "./match-keys.ts";
import { compileObject } from "./match-object.ts";

export type CompiledMatch =
  | {
      readonly ok: true;
      /**
       * The place in the pattern that keeps a document from matching, such as `match.body.repository.full_name`;
       * `undefined` when it matches. Pure and never throws. Charged to the account, which whoever calls refills: a document
       * that overdraws it does not match.
       */
      readonly firstMismatch: (document: EventDocument) => string | undefined;
      /**
       * The only event types that can match, when the pattern names them exactly: an index by type may skip the route
       * for all others.
       */
      readonly types?: ReadonlySet<string>;
    }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/**
 * Compiles a route's `match`: a pattern in the shape of the event document (API.md, "The event document"), with the
 * operators of Amazon EventBridge. Fields are joined by and, the values of a field by or, and `$or` holds
 * alternatives. Absent and `{}` match every event.
 *
 * Never throws: a pattern comes from a user, and every fault of it is an error with its path, such as
 * `match.body.action.0.prefix`.
 */
export function compileMatch(pattern: unknown, account: StepAccount): CompiledMatch {
  const compiled = compilePattern(pattern, account, documentKeys);
  if (!compiled.ok) return compiled;
  const types = pinnedTypes(pattern);
  return { ...compiled, ...(types === undefined ? {} : { types }) };
}

/** A pattern over documents of any shape, and what is wrong with it otherwise. */
type CompiledPattern =
  | { readonly ok: true; readonly firstMismatch: (document: object) => string | undefined }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Compiles a pattern in the shape of another document, whose keys `keys` knows; else as `compileMatch` does. */
export function compilePattern(pattern: unknown, account: StepAccount, keys: KeyRule): CompiledPattern {
  if (pattern === undefined || (isJsonObject(pattern) && Object.keys(pattern).length === 0)) {
    return { ok: true, firstMismatch: () => undefined };
  }
  const compilation = new MatchCompilation(account);
  const root = compileObject(compilation, "match", pattern, 1, keys);
  const errors = compilation.errors.found;
  if (root === undefined || errors.length > 0) return { ok: false, errors };

  return {
    ok: true,
    firstMismatch: (document) => root.mismatch(document) ?? (account.remaining < 0 ? "match" : undefined),
  };
}

/** The types that a valid pattern lists exactly; with `$or`, those of all alternatives, when each lists some. */
function pinnedTypes(pattern: unknown): ReadonlySet<string> | undefined {
  if (!isJsonObject(pattern)) return undefined;
  const listed = pattern["type"];
  if (Array.isArray(listed) && listed.every((type) => typeof type === "string")) return new Set(listed);
  const alternatives = pattern["$or"];
  if (!Array.isArray(alternatives)) return undefined;
  const pinned = alternatives.map(pinnedTypes);
  return pinned.every((types) => types !== undefined) ? new Set(pinned.flatMap((types) => [...types])) : undefined;
}
