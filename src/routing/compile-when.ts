import { type CelSubject, compileCel } from "./cel.ts";
import type { StepAccount } from "./event-allowance.ts";
import type { CompileErrors } from "./compile-errors.ts";
import { placeInText } from "./place-in-text.ts";

/** A condition: whether it holds, or why it could not be evaluated. Never throws. */
export type Condition = (
  document: object,
) => { readonly ok: true; readonly holds: boolean } | { readonly ok: false; readonly message: string };

const holds = { ok: true, holds: true } as const;
const holdsNot = { ok: true, holds: false } as const;
const isNeither = { ok: false, message: "gives neither true nor false" } as const;

/**
 * Compiles a `when`: a CEL expression that gives true or false, over `event` unless another subject is named. Charged to the
 * account.
 */
export function compileWhen(
  errors: CompileErrors,
  source: string,
  account: StepAccount,
  subject?: CelSubject,
): Condition | undefined {
  const compiled = compileCel(source, account, subject);
  if (!compiled.ok) return errors.add("when", placeInText(source, compiled.offset, compiled.message));
  const { type, evaluate } = compiled;
  if (type !== "bool" && type !== "dyn")
    return errors.add("when", placeInText(source, 0, `must give true or false, and gives ${type}`));
  return (document) => {
    const result = evaluate(document);
    if (!result.ok) return result;
    if (result.value === true) return holds;
    return result.value === false ? holdsNot : isNeither;
  };
}
