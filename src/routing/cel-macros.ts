import type { ASTNode } from "@marcbachmann/cel-js";
import { keysOf } from "./cel-compare.ts";
import type { CelCompilation } from "./cel-compilation.ts";
import type { StepAccount } from "./event-allowance.ts";
import { MAXIMUM_MACRO_NESTING } from "./cel-limits.ts";
import { type Evaluate, Fault, isList, isMap } from "./cel-value.ts";

/** Compiles a piece of the expression. */
export type CompileNode = (compilation: CelCompilation, node: ASTNode) => Evaluate;

type MacroName = "all" | "exists" | "exists_one" | "map" | "filter";

const macroArguments: Readonly<Record<MacroName, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  filter: [2],
  map: [2, 3],
};

/** True for the methods that walk a list, or the keys of a map. */
export function isMacro(name: string, argumentCount: number): name is MacroName {
  return Object.hasOwn(macroArguments, name) && macroArguments[name as MacroName].includes(argumentCount);
}

interface Loop {
  readonly items: (frame: unknown[]) => readonly unknown[] | Fault;
  readonly slot: number;
  /** Steps that one turn costs. */
  readonly weight: number;
  readonly account: StepAccount;
  readonly wrong: Fault;
  readonly spent: Fault;
}

/** Compiles `list.all(name, condition)` and its like. */
export function compileMacro(
  compilation: CelCompilation,
  node: ASTNode,
  name: MacroName,
  receiver: Evaluate,
  args: readonly ASTNode[],
  compile: CompileNode,
): Evaluate {
  const [variable, ...bodies] = args;
  if (variable?.op !== "id") return compilation.refuse(variable ?? node, `${name} needs a name as its first argument`);
  return compilation.withinMacro((depth) => {
    if (depth > MAXIMUM_MACRO_NESTING)
      return compilation.refuse(
        node,
        `nests ${name} more than ${MAXIMUM_MACRO_NESTING} deep: each level multiplies the cost by the length of a list`,
      );
    return compilation.within(variable.args, (slot) => {
      const nodesBefore = compilation.nodes;
      const [first, second] = bodies.map((body) => compile(compilation, body));
      if (first === undefined) return compilation.refuse(node, `${name} needs a second argument`);
      const loop: Loop = {
        items: itemsOf(compilation, node, receiver),
        slot,
        weight: compilation.nodes - nodesBefore + 1,
        account: compilation.account,
        wrong: compilation.wrong(bodies[0] ?? node, `must be true or false within ${name}`),
        spent: compilation.spent(node),
      };
      if (name === "map") return second === undefined ? collect(loop, undefined, first) : collect(loop, first, second);
      if (name === "filter") return collect(loop, first, undefined);
      return name === "exists_one" ? countOne(loop, first) : quantify(loop, first, name === "exists");
    });
  });
}

function itemsOf(compilation: CelCompilation, node: ASTNode, receiver: Evaluate): Loop["items"] {
  const { account } = compilation;
  const wrong = compilation.wrong(node, "walks what is neither a list nor a map");
  return (frame) => {
    const value = receiver(frame);
    if (value instanceof Fault || isList(value)) return value;
    return isMap(value) ? keysOf(value, account) : wrong;
  };
}

/** `all` and `exists`: an element that decides does so even where others fail. */
function quantify(
  { items, slot, weight, account, wrong, spent }: Loop,
  condition: Evaluate,
  deciding: boolean,
): Evaluate {
  return (frame) => {
    const list = items(frame);
    if (list instanceof Fault) return list;
    let failure: Fault | undefined;
    for (const item of list) {
      account.remaining -= weight;
      if (account.remaining < 0) return spent;
      frame[slot] = item;
      const value = condition(frame);
      if (value === deciding) return deciding;
      if (value !== !deciding) failure ??= value instanceof Fault ? value : wrong;
    }
    return failure ?? !deciding;
  };
}

function countOne({ items, slot, weight, account, wrong, spent }: Loop, condition: Evaluate): Evaluate {
  return (frame) => {
    const list = items(frame);
    if (list instanceof Fault) return list;
    let count = 0;
    for (const item of list) {
      account.remaining -= weight;
      if (account.remaining < 0) return spent;
      frame[slot] = item;
      const value = condition(frame);
      if (value === true) count += 1;
      else if (value !== false) return value instanceof Fault ? value : wrong;
    }
    return count === 1;
  };
}

/** What keeping an element costs beyond looking at it. */
const STEPS_PER_COLLECTED = 3;

/** `map` and `filter`. */
function collect(
  { items, slot, weight, account, wrong, spent }: Loop,
  condition: Evaluate | undefined,
  transform: Evaluate | undefined,
): Evaluate {
  return (frame) => {
    const list = items(frame);
    if (list instanceof Fault) return list;
    const collected: unknown[] = [];
    for (const item of list) {
      account.remaining -= weight + STEPS_PER_COLLECTED;
      if (account.remaining < 0) return spent;
      frame[slot] = item;
      const chosen = condition === undefined ? true : condition(frame);
      if (chosen !== true && chosen !== false) return chosen instanceof Fault ? chosen : wrong;
      if (!chosen) continue;
      const value = transform === undefined ? item : transform(frame);
      if (value instanceof Fault) return value;
      collected.push(value);
    }
    return collected;
  };
}
