import type { ASTNode } from "@marcbachmann/cel-js";
import type { CelCompilation } from "./cel-compilation.ts";
import type { StepAccount } from "./event-allowance.ts";
import { compare, isEqual } from "./cel-compare.ts";
import { type Evaluate, Fault, isList, isMap } from "./cel-value.ts";
import { forbiddenKeys } from "./cel-limits.ts";
import { addTime, subtractTime } from "./cel-time.ts";

/** Characters that are copied in one step. */
const COPIED_PER_STEP = 16;

type Binary = (left: unknown, right: unknown) => unknown;

/** The operators with two operands that are always both evaluated. */
export function compileBinary(
  compilation: CelCompilation,
  node: ASTNode,
  left: Evaluate,
  right: Evaluate,
  isInteger: boolean,
): Evaluate {
  const operate = binaryOperator(compilation, node, isInteger);
  const { account } = compilation;
  const spent = compilation.spent(node);
  return (frame) => {
    const leftValue = left(frame);
    if (leftValue instanceof Fault) return leftValue;
    const rightValue = right(frame);
    if (rightValue instanceof Fault) return rightValue;
    const value = operate(leftValue, rightValue);
    return account.remaining < 0 ? spent : value;
  };
}

function binaryOperator(compilation: CelCompilation, node: ASTNode, isInteger: boolean): Binary {
  const { account } = compilation;
  const wrong = compilation.wrong(node, `${node.op} does not go with values of these kinds`);
  const ordered = (holds: (order: number) => boolean): Binary => {
    return (left, right) => {
      const order = compare(left, right, account);
      return order === undefined ? wrong : holds(order);
    };
  };
  switch (node.op) {
    case "==":
      return (left, right) => isEqual(left, right, account);
    case "!=":
      return (left, right) => !isEqual(left, right, account);
    case "<":
      return ordered((order) => order < 0);
    case "<=":
      return ordered((order) => order <= 0);
    case ">":
      return ordered((order) => order > 0);
    case ">=":
      return ordered((order) => order >= 0);
    case "in":
      return membership(account, wrong);
    case "+":
      return addition(account, wrong, compilation.wrong(node, "gives a number that is too large"));
    default:
      return arithmetic(compilation, node, wrong, isInteger);
  }
}

function membership(account: StepAccount, wrong: Fault): Binary {
  return (value, container) => {
    if (isList(container)) {
      for (const element of container) if (isEqual(value, element, account)) return true;
      return false;
    }
    if (!isMap(container)) return wrong;
    return typeof value === "string" && !forbiddenKeys.has(value) && Object.hasOwn(container, value);
  };
}

function addition(account: StepAccount, wrong: Fault, overflow: Fault): Binary {
  return (left, right) => {
    if (typeof left === "number" && typeof right === "number") return finite(left + right, overflow);
    if (typeof left === "string" && typeof right === "string") {
      account.remaining -= Math.ceil((left.length + right.length) / COPIED_PER_STEP);
      return account.remaining < 0 ? wrong : left + right;
    }
    if (!isList(left) || !isList(right)) return addTime(left, right) ?? addTime(right, left) ?? wrong;
    account.remaining -= left.length + right.length;
    return account.remaining < 0 ? wrong : [...left, ...right];
  };
}

function arithmetic(compilation: CelCompilation, node: ASTNode, wrong: Fault, isInteger: boolean): Binary {
  const overflow = compilation.wrong(node, "gives a number that is too large");
  const byZero = compilation.wrong(node, "divides by zero");
  const calculate = calculation(node.op, isInteger);
  const divides = node.op === "/" || node.op === "%";
  return (left, right) => {
    if (typeof left === "number" && typeof right === "number")
      return divides && right === 0 ? byZero : finite(calculate(left, right), overflow);
    return node.op === "-" ? (subtractTime(left, right) ?? wrong) : wrong;
  };
}

function calculation(operator: string, isInteger: boolean): (left: number, right: number) => number {
  if (operator === "-") return (left, right) => left - right;
  if (operator === "*") return (left, right) => left * right;
  if (operator === "%") return (left, right) => left % right;
  return isInteger ? (left, right) => Math.trunc(left / right) : (left, right) => left / right;
}

// An integer has one zero, and JSON knows no other: -1 * 0 is 0.
function finite(value: number, overflow: Fault): unknown {
  return Number.isFinite(value) ? value + 0 : overflow;
}

/** `!` and `-`. */
export function compileUnary(compilation: CelCompilation, node: ASTNode, operand: Evaluate): Evaluate {
  const wrong = compilation.wrong(node, node.op === "!_" ? "! needs true or false" : "- needs a number");
  const isNot = node.op === "!_";
  return (frame) => {
    const value = operand(frame);
    if (value instanceof Fault) return value;
    if (isNot) return typeof value === "boolean" ? !value : wrong;
    return typeof value === "number" ? 0 - value : wrong;
  };
}

/** `&&` and `||`: one operand that decides does so even where the other fails, in either order. */
export function compileLogic(compilation: CelCompilation, node: ASTNode, left: Evaluate, right: Evaluate): Evaluate {
  const deciding = node.op === "||";
  const wrong = compilation.wrong(node, `${node.op} needs true or false on both sides`);
  return (frame) => {
    const leftValue = left(frame);
    if (leftValue === deciding) return deciding;
    const rightValue = right(frame);
    if (rightValue === deciding) return deciding;
    if (leftValue instanceof Fault) return leftValue;
    if (rightValue instanceof Fault) return rightValue;
    return leftValue === !deciding && rightValue === !deciding ? !deciding : wrong;
  };
}

/** `condition ? one : other`. */
export function compileChoice(
  compilation: CelCompilation,
  node: ASTNode,
  condition: Evaluate,
  one: Evaluate,
  other: Evaluate,
): Evaluate {
  const wrong = compilation.wrong(node, "? needs true or false before it");
  return (frame) => {
    const chosen = condition(frame);
    if (chosen === true) return one(frame);
    if (chosen === false) return other(frame);
    return chosen instanceof Fault ? chosen : wrong;
  };
}
