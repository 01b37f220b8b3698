import { CompileErrors } from "./compile-errors.ts";
import type { StepAccount } from "./event-allowance.ts";

/** A compiled piece of a pattern; `undefined` stands for a field that the event does not have. */
export type ValueTest = (value: unknown) => boolean;

/** Nesting of a pattern, `$or` included. */
export const MAXIMUM_DEPTH = 32;
const MAXIMUM_LEAVES = 1_000;
const MAXIMUM_STRING_BYTES = 4_096;
const MAXIMUM_KEY_BYTES = 256;
const MAXIMUM_TOTAL_BYTES = 65_536;

/** One run of the pattern compiler: what it found wrong, and how much of the limits the pattern has used. */
export class MatchCompilation {
  readonly errors = new CompileErrors();
  /** What evaluating the pattern is charged to. */
  readonly budget: StepAccount;
  #leaves = 0;
  #bytes = 0;

  constructor(budget: StepAccount) {
    this.budget = budget;
  }

  /** True once there is no point in looking at the rest of the pattern. */
  get isOver(): boolean {
    return this.errors.areFull || this.#leaves > MAXIMUM_LEAVES || this.#bytes > MAXIMUM_TOTAL_BYTES;
  }

  /** Counts one compared value of any kind but a string. */
  countLeaf(): void {
    this.#leaves += 1;
    if (this.#leaves === MAXIMUM_LEAVES + 1) this.errors.add("match", `has more than ${MAXIMUM_LEAVES} values`);
  }

  /** Counts a key; false when it is too long to be one. */
  acceptKey(path: string, key: string): boolean {
    const bytes = Buffer.byteLength(key);
    this.#countBytes(bytes);
    if (bytes <= MAXIMUM_KEY_BYTES) return true;
    this.errors.add(path, `has a key longer than ${MAXIMUM_KEY_BYTES} bytes`);
    return false;
  }

  /** The operand when it is a string within the limits. */
  readString(path: string, operand: unknown): string | undefined {
    this.countLeaf();
    if (typeof operand !== "string") return this.errors.add(path, "must be a string");
    const bytes = Buffer.byteLength(operand);
    this.#countBytes(bytes);
    if (bytes > MAXIMUM_STRING_BYTES) return this.errors.add(path, `is longer than ${MAXIMUM_STRING_BYTES} bytes`);
    return operand;
  }

  /** The operand when it is a number that JSON can hold. */
  readNumber(path: string, operand: unknown): number | undefined {
    this.countLeaf();
    if (typeof operand !== "number" || !Number.isFinite(operand))
      return this.errors.add(path, "must be a finite number");
    return operand;
  }

  /** The operand when it is a number that can be compared for equality. */
  readExactNumber(path: string, operand: unknown): number | undefined {
    const number = this.readNumber(path, operand);
    // Both sides were rounded when their JSON was parsed: 9007199254740993 would equal 9007199254740992.
    if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
      return this.errors.add(path, "is an integer beyond 2^53, which cannot be compared exactly");
    }
    return number;
  }

  #countBytes(bytes: number): void {
    const wasWithin = this.#bytes <= MAXIMUM_TOTAL_BYTES;
    this.#bytes += bytes;
    if (wasWithin && this.#bytes > MAXIMUM_TOTAL_BYTES) {
      this.errors.add("match", `has more than ${MAXIMUM_TOTAL_BYTES} bytes of keys and strings`);
    }
  }
}

/**
 * True when any element passes, those of arrays within the array included (EventBridge sees the array structure
 * crushed out). Keeps its own stack: ten thousand arrays inside each other are a small body, and too deep to recurse
 * into.
 */
export function someElement(list: readonly unknown[], test: ValueTest, budget: StepAccount): boolean {
  const nested: (readonly unknown[])[] = [];
  for (let current: readonly unknown[] | undefined = list; current !== undefined; current = nested.pop()) {
    for (const element of current) {
      budget.remaining -= 1;
      if (budget.remaining < 0) return false;
      if (Array.isArray(element)) nested.push(element);
      else if (test(element)) return true;
    }
  }
  return false;
}
