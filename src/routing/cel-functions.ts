import type { StepAccount } from "./event-allowance.ts";
import { keysOf } from "./cel-compare.ts";
import { isList, isMap } from "./cel-value.ts";
import { readDuration, readTime, timeFields } from "./cel-time.ts";

/** What a function gives for its operands, the receiver first; undefined when they are not of a kind that it takes. */
export type CelFunction = (operands: readonly unknown[], account: StepAccount) => unknown;

/** Characters that are searched or copied in one step. Searching 1 MB of a's for aa…ab takes 4 ms. */
const CHARACTERS_PER_STEP = 8;

/** True when the account covers so many characters; the function must not begin otherwise. */
function pays(account: StepAccount, characters: number): boolean {
  account.remaining -= Math.ceil(characters / CHARACTERS_PER_STEP);
  return account.remaining >= 0;
}

function ofText(run: (text: string) => unknown): CelFunction {
  return ([text], account) => (typeof text === "string" && pays(account, text.length) ? run(text) : undefined);
}

function ofTexts(run: (text: string, other: string) => unknown): CelFunction {
  return ([text, other], account) =>
    typeof text === "string" && typeof other === "string" && pays(account, text.length) ? run(text, other) : undefined;
}

/** Code points, as CEL counts, and not UTF-16 units. */
const size: CelFunction = ([value], account) => {
  if (typeof value === "string") return pays(account, value.length * 2) ? countCodePoints(value) : undefined;
  if (isList(value)) return value.length;
  return isMap(value) ? keysOf(value, account).length : undefined;
};

function countCodePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const isPair = code >= 0xd800 && code <= 0xdbff && isLowSurrogate(text.charCodeAt(index + 1));
    if (isPair) index += 1;
    count += 1;
  }
  return count;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

const substring: CelFunction = ([text, start, end], account) => {
  if (typeof text !== "string" || !isPlace(start, text.length)) return undefined;
  const last = end === undefined ? text.length : end;
  if (!isPlace(last, text.length) || last < start) return undefined;
  return pays(account, 1) ? text.slice(start, last) : undefined;
};

function isPlace(value: unknown, limit: number): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= limit;
}

const STEPS_PER_PIECE = 4;

const split: CelFunction = ([text, separator, limit = -1], account) => {
  if (typeof text !== "string" || typeof separator !== "string" || typeof limit !== "number") return undefined;
  if (!pays(account, text.length)) return undefined;
  // Never more pieces than the account covers: 1 MB of separators becomes a million pieces in 20 ms.
  const pieces = text.split(separator, Math.floor(account.remaining / STEPS_PER_PIECE) + 1);
  account.remaining -= pieces.length * STEPS_PER_PIECE;
  if (account.remaining < 0) return undefined;
  if (limit < 0 || pieces.length <= limit) return pieces;
  return limit === 0 ? [] : [...pieces.slice(0, limit - 1), pieces.slice(limit - 1).join(separator)];
};

const join: CelFunction = ([list, separator = ""], account) => {
  if (!isList(list) || typeof separator !== "string") return undefined;
  let length = list.length * (separator.length + CHARACTERS_PER_STEP);
  for (const piece of list) {
    if (typeof piece !== "string") return undefined;
    length += piece.length;
  }
  return pays(account, length) ? list.join(separator) : undefined;
};

const wholeNumber = /^[+-]?\d{1,16}$/;

const toInteger: CelFunction = ([value]) => {
  if (value instanceof Date) return Math.floor(value.getTime() / 1_000);
  const number = typeof value === "string" && wholeNumber.test(value) ? Number(value) : value;
  if (typeof number !== "number") return undefined;
  const whole = Math.trunc(number);
  return Number.isSafeInteger(whole) ? whole : undefined;
};

const decimalNumber = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?$/;

const toDouble: CelFunction = ([value]) => {
  const number = typeof value === "string" && decimalNumber.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
};

const toText: CelFunction = ([value], account) => {
  // A number becomes a text in 100 ns.
  account.remaining -= 8;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value instanceof Date ? value.toISOString() : undefined;
};

const truths = new Map([
  ...["true", "TRUE", "True", "t", "1"].map((text) => [text, true] as const),
  ...["false", "FALSE", "False", "f", "0"].map((text) => [text, false] as const),
]);

const toBool: CelFunction = ([value]) => {
  if (typeof value === "boolean") return value;
  return typeof value === "string" ? truths.get(value) : undefined;
};

/** The functions that stand before a bracket, by name and number of arguments. */
export const functions: ReadonlyMap<string, CelFunction> = new Map<string, CelFunction>([
  ["size/1", size],
  ["int/1", toInteger],
  ["double/1", toDouble],
  ["string/1", toText],
  ["bool/1", toBool],
  ["dyn/1", ([value]) => value],
  ["timestamp/1", ([value], account) => (pays(account, 200) ? readTime(value) : undefined)],
  ["duration/1", ([value]) => readDuration(value)],
]);

/** The functions that stand behind a value, by name and number of arguments. */
export const methods: ReadonlyMap<string, CelFunction> = new Map<string, CelFunction>([
  ["size/0", size],
  ["contains/1", ofTexts((text, part) => text.includes(part))],
  ["startsWith/1", ofTexts((text, start) => text.startsWith(start))],
  ["endsWith/1", ofTexts((text, end) => text.endsWith(end))],
  ["indexOf/1", ofTexts((text, part) => text.indexOf(part))],
  ["lastIndexOf/1", ofTexts((text, part) => text.lastIndexOf(part))],
  ["lowerAscii/0", ofText((text) => text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()))],
  ["upperAscii/0", ofText((text) => text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase()))],
  ["trim/0", ofText((text) => text.trim())],
  ["substring/1", substring],
  ["substring/2", substring],
  ["split/1", split],
  ["split/2", split],
  ["join/0", join],
  ["join/1", join],
  ...Object.entries(timeFields).map(
    ([name, read]) =>
      [`${name}/0`, ([time]: readonly unknown[]) => (time instanceof Date ? read(time) : undefined)] as const,
  ),
]);
