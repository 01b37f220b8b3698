import type { ASTNode } from "@marcbachmann/cel-js";
import type { CelCompilation } from "./cel-compilation.ts";
import { compileCall, compileMethod } from "./cel-calls.ts";
import { forbiddenKeys } from "./cel-limits.ts";
import { compileBinary, compileChoice, compileLogic, compileUnary } from "./cel-operators.ts";
import { type Evaluate, Fault, isList, isMap } from "./cel-value.ts";

/**
 * Turns a parsed and type-checked expression into closures. Throws CelRefusal for what is CEL and not taken here. Recurses
 * no deeper than the parser, which is bounded.
 */
export function compileNode(compilation: CelCompilation, node: ASTNode): Evaluate {
  compilation.nodes += 1;
  const compile = (inner: ASTNode): Evaluate => compileNode(compilation, inner);
  switch (node.op) {
    case "value":
      return compileLiteral(compilation, node, node.args);
    case "id": {
      const slot = compilation.slotOf(node.args);
      if (slot === undefined) return compilation.refuse(node, "is no value here");
      return (frame) => frame[slot];
    }
    case ".":
      return compileSelect(compilation, node, compile(node.args[0]), node.args[1]);
    case "[]":
      return compileIndex(compilation, node, compile(node.args[0]), node.args[1]);
    case "call":
      return compileCall(compilation, node, node.args[0], node.args[1], compileNode);
    case "rcall":
      return compileMethod(compilation, node, node.args, compileNode);
    case "list":
      return compileList(compilation, node.args.map(compile));
    case "map":
      return compileMap(compilation, node.args);
    case "?:":
      return compileChoice(compilation, node, compile(node.args[0]), compile(node.args[1]), compile(node.args[2]));
    case "&&":
    case "||":
      return compileLogic(compilation, node, compile(node.args[0]), compile(node.args[1]));
    case "!_":
    case "-_":
      return compileUnary(compilation, node, compile(node.args));
    case ".?":
    case "[?]":
      return compilation.refuse(node, "optional values are not offered here");
    default: {
      const [left, right] = node.args;
      return compileBinary(compilation, node, compile(left), compile(right), isInteger(left) && isInteger(right));
    }
  }
}

function compileLiteral(compilation: CelCompilation, node: ASTNode, value: unknown): Evaluate {
  if (typeof value === "bigint") {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) return compilation.refuse(node, "is an integer beyond 2^53");
    return () => number;
  }
  if (value !== null && typeof value === "object")
    return compilation.refuse(node, "bytes and unsigned integers are not offered here");
  return () => value;
}

/** True for what is an integer however the event looks; numbers of the body are not, as JSON does not tell. */
function isInteger(node: ASTNode): boolean {
  switch (node.op) {
    case "value":
      return typeof node.args === "bigint";
    case "call":
      return node.args[0] === "int" || node.args[0] === "size";
    case "rcall":
      return node.args[0] === "size" || /^(?:get|(?:last)?[iI]ndexOf)/.test(node.args[0]);
    case "-_":
      return isInteger(node.args);
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return isInteger(node.args[0]) && isInteger(node.args[1]);
    default:
      return false;
  }
}

function compileSelect(compilation: CelCompilation, node: ASTNode, operand: Evaluate, key: string): Evaluate {
  if (forbiddenKeys.has(key)) return compilation.refuse(node, `must not read "${key}"`);
  const absent = compilation.absent(node, `there is no ${key}`);
  return (frame) => {
    const value = operand(frame);
    if (value instanceof Fault) return value;
    if (!isMap(value) || !Object.hasOwn(value, key)) return absent;
    return value[key] ?? (value[key] === null ? null : absent);
  };
}

function compileIndex(compilation: CelCompilation, node: ASTNode, operand: Evaluate, index: ASTNode): Evaluate {
  if (index.op === "value" && typeof index.args === "string")
    return compileSelect(compilation, index, operand, index.args);
  const place = compileNode(compilation, index);
  const absent = compilation.absent(node, "there is nothing at this place");
  const wrong = compilation.wrong(index, "must be a text or a whole number");
  return (frame) => {
    const value = operand(frame);
    if (value instanceof Fault) return value;
    const at = place(frame);
    if (at instanceof Fault) return at;
    if (typeof at === "number") return isList(value) ? (value[at] ?? (value[at] === null ? null : absent)) : absent;
    if (typeof at !== "string") return wrong;
    // The names that no expression may spell out are not read in a roundabout way either.
    if (!isMap(value) || forbiddenKeys.has(at) || !Object.hasOwn(value, at)) return absent;
    return value[at] ?? (value[at] === null ? null : absent);
  };
}

/** Steps to make a list or a map, and for each of its elements. */
const STEPS_PER_LITERAL = 4;

function compileList({ account }: CelCompilation, elements: readonly Evaluate[]): Evaluate {
  const cost = STEPS_PER_LITERAL * (elements.length + 1);
  return (frame) => {
    account.remaining -= cost;
    const list: unknown[] = [];
    for (const element of elements) {
      const value = element(frame);
      if (value instanceof Fault) return value;
      list.push(value);
    }
    return list;
  };
}

function compileMap(compilation: CelCompilation, entries: readonly [ASTNode, ASTNode][]): Evaluate {
  const compiled = entries.map(([key, value]) => {
    if (key.op !== "value" || typeof key.args !== "string")
      return compilation.refuse(key, "the keys of a map must be texts between quotes");
    if (forbiddenKeys.has(key.args)) return compilation.refuse(key, `must not name "${key.args}"`);
    return [key.args, compileNode(compilation, value)] as const;
  });
  const { account } = compilation;
  const cost = STEPS_PER_LITERAL * (entries.length + 1);
  return (frame) => {
    account.remaining -= cost;
    const map: Record<string, unknown> = {};
    for (const [key, evaluate] of compiled) {
      const value = evaluate(frame);
      if (value instanceof Fault) return value;
      map[key] = value;
    }
    return map;
  };
}
