import type { StepAccount } from "./event-allowance.ts";
import { isList, isMap } from "./cel-value.ts";

/** Characters that are compared in one step. */
const COMPARED_PER_STEP = 64;

/**
 * CEL's `==`: values of different kinds are not equal, lists and maps are when all within is. Says no as soon as the account
 * is overdrawn, which whoever asked has to look at. The body's nesting is bounded when it is parsed, so this recurses.
 */
export function isEqual(left: unknown, right: unknown, account: StepAccount): boolean {
  account.remaining -= 2;
  if (account.remaining < 0) return false;
  if (typeof left === "number") return left === right;
  if (typeof left === "string" && typeof right === "string") {
    if (left.length !== right.length) return false;
    account.remaining -= Math.ceil(left.length / COMPARED_PER_STEP);
    return account.remaining >= 0 && left === right;
  }
  if (left === right) return true;
  if (isList(left)) return isList(right) && areListsEqual(left, right, account);
  if (isMap(left)) return isMap(right) && areMapsEqual(left, right, account);
  return left instanceof Date && right instanceof Date && left.getTime() === right.getTime();
}

function areListsEqual(left: readonly unknown[], right: readonly unknown[], account: StepAccount): boolean {
  return left.length === right.length && left.every((element, index) => isEqual(element, right[index], account));
}

function areMapsEqual(
  left: Readonly<Record<string, unknown>>,
  right: Readonly<Record<string, unknown>>,
  account: StepAccount,
): boolean {
  const keys = keysOf(left, account);
  return (
    keys.length === keysOf(right, account).length &&
    keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key], account))
  );
}

/** Listing the keys of an object is not free: 100,000 take 10 ms, and lists of keys are not kept. */
const STEPS_PER_KEY = 20;

/** The keys of a map, charged to the account. */
export function keysOf(map: Readonly<Record<string, unknown>>, account: StepAccount): readonly string[] {
  if (account.remaining < 0) return [];
  const keys = Object.keys(map);
  account.remaining -= keys.length * STEPS_PER_KEY;
  return keys;
}

/** Less than, equal or greater (negative, 0, positive) for two numbers, texts, bools or times; undefined for anything else. */
export function compare(left: unknown, right: unknown, account: StepAccount): number | undefined {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime();
  if (typeof left !== "string" || typeof right !== "string") return undefined;
  account.remaining -= Math.ceil(Math.min(left.length, right.length) / COMPARED_PER_STEP);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
