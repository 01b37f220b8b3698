import { RE2JS } from "re2js";
import { hasAmbiguousRepetition } from "./ambiguous-repetition.ts";
import type { StepAccount } from "./event-allowance.ts";
import { MAXIMUM_PATTERN_BYTES, MAXIMUM_PATTERN_INSTRUCTIONS } from "./cel-limits.ts";

type CompiledPattern =
  | {
      readonly ok: true;
      readonly instructions: number;
      /** Whether the pattern is found anywhere in a text; undefined when the account does not cover it. */
      readonly find: (text: string, account: StepAccount) => boolean | undefined;
    }
  | { readonly ok: false; readonly message: string };

/**
 * Steps for a character: the automaton takes up to 60 ns for one, and where its states become too many, it follows all
 * instructions side by side, at some nanoseconds each.
 */
const STEPS_PER_CHARACTER = 6;

/**
 * Compiles a regular expression in RE2's syntax, which is matched in linear time: JavaScript's own would take 7 s for
 * `(a+)+$` on 28 characters. Such a pattern is a mistake all the same, and would be a trap wherever else it were used: it
 * is refused. Never throws.
 */
export function compilePattern(pattern: string): CompiledPattern {
  if (Buffer.byteLength(pattern) > MAXIMUM_PATTERN_BYTES)
    return { ok: false, message: `is a pattern of more than ${MAXIMUM_PATTERN_BYTES} bytes` };
  try {
    const compiled = RE2JS.compile(pattern);
    if (hasAmbiguousRepetition(pattern))
      return {
        ok: false,
        message: "is a catastrophic pattern: it repeats a repetition, like (a+)+, which says what a+ does",
      };
    const instructions = compiled.programSize();
    if (instructions > MAXIMUM_PATTERN_INSTRUCTIONS)
      return { ok: false, message: "is a pattern that becomes too large: repeat less in it" };
    const cost = STEPS_PER_CHARACTER + instructions / 2;
    return {
      ok: true,
      instructions,
      find(text, account) {
        account.remaining -= Math.ceil(text.length * cost);
        return account.remaining < 0 ? undefined : compiled.test(text);
      },
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : "it cannot be read";
    return { ok: false, message: `is no pattern in RE2's syntax: ${why.slice(0, 200)}` };
  }
}
