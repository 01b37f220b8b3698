import { type ASTNode, Environment, ParseError, TypeError as CelTypeError } from "@marcbachmann/cel-js";
import { CelCompilation, CelRefusal } from "./cel-compilation.ts";
import type { StepAccount } from "./event-allowance.ts";
import { compileNode } from "./cel-expression.ts";
import { MAXIMUM_EXPRESSION_CHARACTERS, PARSER_LIMITS } from "./cel-limits.ts";
import { type CelResult, type Evaluate, Fault } from "./cel-value.ts";
import type { EventDocument } from "./event-document.ts";

export type CompiledCel =
  | {
      readonly ok: true;
      /** The type that the checker inferred: `bool`, `dyn`, `string`, `list<dyn>` … */
      readonly type: string;
      /** Pure and never throws. Charged to the account, which whoever calls refills. */
      readonly evaluate: (document: object) => CelResult;
    }
  | {
      readonly ok: false;
      readonly message: string;
      /** Characters from the start of the expression. */
      readonly offset: number;
    };

/** What an expression is about: the name of its one variable, and the types of what that has, as cel-js writes them. */
export interface CelSubject {
  readonly name: string;
  readonly environment: Environment;
  readonly keys: readonly string[];
}

type Schema = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** A subject for expressions over one variable. */
export function celSubject(name: string, schema: Schema): CelSubject {
  const environment = new Environment({ homogeneousAggregateLiterals: false, limits: PARSER_LIMITS });
  // CEL has it before a bracket too; cel-js only behind a text. It is never evaluated by cel-js.
  environment.registerFunction("matches(string, string): bool", () => false);
  return { name, environment: environment.registerVariable({ name, schema }), keys: Object.keys(schema) };
}

const eventSubject = celSubject("event", {
  id: "string",
  type: "string",
  provider: "string",
  source: { id: "string", name: "string" },
  deliveryId: "string",
  receivedAt: "string",
  headers: "map<string, string>",
  body: "dyn",
} satisfies Record<keyof EventDocument, unknown>);

/**
 * Compiles a CEL expression over `event`, or over another subject. Parsed and type-checked by cel-js, then turned into closures of our own, because
 * its evaluation knows no limit (docs/decisions, ADR 14). Never throws: an expression comes from a user, and a fault of it
 * is an error with its place.
 */
export function compileCel(source: string, account: StepAccount, subject: CelSubject = eventSubject): CompiledCel {
  if (source.length > MAXIMUM_EXPRESSION_CHARACTERS)
    return { ok: false, message: `is longer than ${MAXIMUM_EXPRESSION_CHARACTERS} characters`, offset: 0 };
  try {
    const parsed = subject.environment.parse(source);
    const checked = parsed.check();
    if (!checked.valid) throw checked.error;
    const compilation = new CelCompilation(source, account, subject.name);
    const evaluate = compileNode(compilation, parsed.ast);
    return { ok: true, type: checked.type ?? "dyn", evaluate: evaluation(compilation, parsed.ast, evaluate) };
  } catch (error) {
    if (error instanceof CelRefusal) return { ok: false, message: error.message, offset: error.offset };
    if (error instanceof ParseError || error instanceof CelTypeError)
      return { ok: false, message: explain(error, subject), offset: error.range?.start ?? 0 };
    return { ok: false, message: "cannot be read", offset: 0 };
  }
}

function explain({ code, summary }: ParseError | CelTypeError, { name, keys }: CelSubject): string {
  if (code === "unknown_variable") return `${summary}; an expression reads ${name}`;
  const article = /^[aeiou]/.test(name) ? "an" : "a";
  return code === "no_such_key" ? `${summary}; ${article} ${name} has ${keys.join(", ")}` : summary;
}

function evaluation(compilation: CelCompilation, root: ASTNode, evaluate: Evaluate) {
  const { account, frameSize } = compilation;
  const spent = compilation.spent(root);
  const frame: unknown[] = Array.from({ length: frameSize });
  return (document: object): CelResult => {
    frame[0] = document;
    const value = evaluate(frame);
    // Else the body would stay in memory until the next event.
    for (let slot = 0; slot < frameSize; slot += 1) frame[slot] = undefined;
    // One side of && and || may have decided before the other was charged.
    if (account.remaining < 0) return spent;
    if (value instanceof Fault) return value;
    return { ok: true, value: value instanceof Date ? value.toISOString() : value };
  };
}
