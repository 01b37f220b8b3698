import type { ASTNode } from "@marcbachmann/cel-js";
import { Fault } from "./cel-value.ts";
import type { StepAccount } from "./event-allowance.ts";
import { placeInText } from "./place-in-text.ts";

/** Why an expression is refused, and where; thrown while compiling, caught by compileCel. */
export class CelRefusal extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** One run of the expression compiler: the names in scope, and what an evaluation is charged to. */
export class CelCompilation {
  readonly account: StepAccount;
  readonly #source: string;
  /** How many pieces were compiled. */
  nodes = 0;
  readonly #scope: string[];
  #frameSize = 1;
  #macros = 0;

  constructor(source: string, account: StepAccount, subject: string) {
    this.#scope = [subject];
    this.#source = source;
    this.account = account;
  }

  /** Where in the frame a name stands: the innermost of that name. */
  slotOf(name: string): number | undefined {
    const slot = this.#scope.lastIndexOf(name);
    return slot === -1 ? undefined : slot;
  }

  /** Compiles with one more name in scope, and tells its place in the frame. */
  within<Result>(name: string, compile: (slot: number) => Result): Result {
    const slot = this.#scope.push(name) - 1;
    this.#frameSize = Math.max(this.#frameSize, this.#scope.length);
    const result = compile(slot);
    this.#scope.pop();
    return result;
  }

  /** Compiles the body of a macro, and tells how deep it stands. */
  withinMacro<Result>(compile: (depth: number) => Result): Result {
    this.#macros += 1;
    const result = compile(this.#macros);
    this.#macros -= 1;
    return result;
  }

  refuse(node: ASTNode, message: string): never {
    throw new CelRefusal(message, node.pos);
  }

  /** How many places a frame needs. */
  get frameSize(): number {
    return this.#frameSize;
  }

  wrong(node: ASTNode, message: string): Fault {
    return new Fault(false, placeInText(this.#source, node.pos, message));
  }

  absent(node: ASTNode, message: string): Fault {
    return new Fault(true, placeInText(this.#source, node.pos, message));
  }

  spent(node: ASTNode): Fault {
    return this.wrong(node, "takes too long with this event");
  }
}
