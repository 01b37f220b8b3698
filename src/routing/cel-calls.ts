import type { ASTNode } from "@marcbachmann/cel-js";
import type { CelCompilation } from "./cel-compilation.ts";
import { type CelFunction, functions, methods } from "./cel-functions.ts";
import { type CompileNode, compileMacro, isMacro } from "./cel-macros.ts";
import { MAXIMUM_INSTRUCTIONS_TOGETHER } from "./cel-limits.ts";
import { compilePattern } from "./cel-pattern.ts";
import { timeFields, wallClock } from "./cel-time.ts";
import { type Evaluate, Fault } from "./cel-value.ts";

/** Compiles `size(event.body.commits)` and its like. */
export function compileCall(
  compilation: CelCompilation,
  node: ASTNode,
  name: string,
  args: readonly ASTNode[],
  compile: CompileNode,
): Evaluate {
  if (name === "has" && args.length === 1) return compileHas(compilation, node, args[0] as ASTNode, compile);
  if (name === "matches" && args.length === 2)
    return compileMatches(compilation, node, compile(compilation, args[0] as ASTNode), args[1] as ASTNode);
  const run = functions.get(`${name}/${args.length}`);
  if (run === undefined) return compilation.refuse(node, `${name}() with ${args.length} arguments is not offered here`);
  return compileFunction(
    compilation,
    node,
    name,
    run,
    args.map((arg) => compile(compilation, arg)),
  );
}

/** Compiles `event.body.title.contains("x")` and its like, macros included. */
export function compileMethod(
  compilation: CelCompilation,
  node: ASTNode,
  [name, receiver, args]: readonly [string, ASTNode, readonly ASTNode[]],
  compile: CompileNode,
): Evaluate {
  if (receiver.op === "id" && receiver.args === "cel" && name === "bind")
    return compileBind(compilation, node, args, compile);
  const operand = compile(compilation, receiver);
  if (isMacro(name, args.length)) return compileMacro(compilation, node, name, operand, args, compile);
  if (name === "matches" && args.length === 1) return compileMatches(compilation, node, operand, args[0] as ASTNode);
  if (args.length === 1 && Object.hasOwn(timeFields, name))
    return compileZoned(compilation, node, name, operand, args[0] as ASTNode);
  const run = methods.get(`${name}/${args.length}`);
  if (run === undefined)
    return compilation.refuse(node, `.${name}() with ${args.length} arguments is not offered here`);
  return compileFunction(compilation, node, name, run, [operand, ...args.map((arg) => compile(compilation, arg))]);
}

function compileFunction(
  compilation: CelCompilation,
  node: ASTNode,
  name: string,
  run: CelFunction,
  operands: readonly Evaluate[],
): Evaluate {
  const { account } = compilation;
  const wrong = compilation.wrong(node, `${name} does not take such values`);
  const spent = compilation.spent(node);
  return (frame) => {
    const values: unknown[] = [];
    for (const operand of operands) {
      const value = operand(frame);
      if (value instanceof Fault) return value;
      values.push(value);
    }
    account.remaining -= 1;
    const value = run(values, account);
    return account.remaining < 0 ? spent : (value ?? (value === null ? null : wrong));
  };
}

/** `has(event.body.a)`: whether there is an `a`; `event.body` must be there. */
function compileHas(compilation: CelCompilation, node: ASTNode, arg: ASTNode, compile: CompileNode): Evaluate {
  const select = compile(compilation, arg);
  if (arg.op !== ".") return compilation.refuse(node, "has() takes a path such as event.body.action");
  const within = compile(compilation, arg.args[0]);
  return (frame) => {
    const container = within(frame);
    return container instanceof Fault ? container : !(select(frame) instanceof Fault);
  };
}

/** `cel.bind(name, value, expression)`. */
function compileBind(
  compilation: CelCompilation,
  node: ASTNode,
  [variable, value, body]: readonly ASTNode[],
  compile: CompileNode,
): Evaluate {
  if (variable?.op !== "id" || value === undefined || body === undefined)
    return compilation.refuse(node, "cel.bind() takes a name, a value and an expression");
  const bound = compile(compilation, value);
  return compilation.within(variable.args, (slot) => {
    const evaluate = compile(compilation, body);
    return (frame) => {
      const current = bound(frame);
      if (current instanceof Fault) return current;
      frame[slot] = current;
      return evaluate(frame);
    };
  });
}

/** A pattern is part of the route, never of an event: what is compiled at save cannot fail or grow later. */
function compileMatches(compilation: CelCompilation, node: ASTNode, operand: Evaluate, pattern: ASTNode): Evaluate {
  if (pattern.op !== "value" || typeof pattern.args !== "string")
    return compilation.refuse(pattern, "matches() takes a pattern between quotes, and no expression");
  const compiled = compilePattern(pattern.args);
  if (!compiled.ok) return compilation.refuse(pattern, compiled.message);
  const { account } = compilation;
  // While compiling, the account is empty, and keeps count of what was compiled for it.
  account.remaining -= compiled.instructions;
  if (account.remaining < -MAXIMUM_INSTRUCTIONS_TOGETHER)
    return compilation.refuse(pattern, "is a pattern more than there may be: all together are too large");
  const wrong = compilation.wrong(node, "matches() needs a text");
  const spent = compilation.spent(node);
  return (frame) => {
    const text = operand(frame);
    if (text instanceof Fault) return text;
    return typeof text === "string" ? (compiled.find(text, account) ?? spent) : wrong;
  };
}

/** Asking a time zone for the wall clock takes some microseconds. */
const STEPS_PER_WALL_CLOCK = 1_000;

/** `timestamp(event.receivedAt).getHours("Europe/Berlin")`. */
function compileZoned(
  compilation: CelCompilation,
  node: ASTNode,
  name: string,
  operand: Evaluate,
  zone: ASTNode,
): Evaluate {
  const read = timeFields[name];
  if (zone.op !== "value" || typeof zone.args !== "string" || read === undefined)
    return compilation.refuse(zone, `${name}() takes a time zone between quotes, such as "Europe/Berlin"`);
  let shift: ReturnType<typeof wallClock>;
  try {
    shift = wallClock(zone.args);
  } catch {
    return compilation.refuse(zone, 'is no time zone; write one such as "Europe/Berlin"');
  }
  const { account } = compilation;
  const wrong = compilation.wrong(node, `${name}() needs a time before it`);
  const spent = compilation.spent(node);
  return (frame) => {
    const time = operand(frame);
    if (time instanceof Fault) return time;
    if (!(time instanceof Date)) return wrong;
    account.remaining -= STEPS_PER_WALL_CLOCK;
    return account.remaining < 0 ? spent : read(shift(time));
  };
}
