import { eventDocumentKeys } from "./event-document.ts";
import { isJsonObject } from "./json-object.ts";

/**
 * What is known of the keys at one level of a pattern, so that a pattern that could never match is refused when it is
 * saved.
 */
export interface KeyRule {
  /** What is wrong with a key, or with the kind of pattern below it. */
  readonly fault: (key: string, pattern: unknown) => string | undefined;
  /** The rule for the keys below a key. */
  readonly below: (key: string) => KeyRule;
}

const anyKeys: KeyRule = { fault: () => undefined, below: () => anyKeys };

const sourceKeys: KeyRule = {
  fault: (key, pattern) =>
    key === "id" || key === "name" ? textFault(pattern) : "is no field of a source; use id, name",
  below: () => anyKeys,
};

const headerKeys: KeyRule = {
  fault: (key, pattern) =>
    key === key.toLowerCase()
      ? textFault(pattern)
      : `never matches: header names are in lower case, ${key.toLowerCase()}`,
  below: () => anyKeys,
};

const documentObjects: ReadonlyMap<string, KeyRule> = new Map([
  ["source", sourceKeys],
  ["headers", headerKeys],
  ["body", anyKeys],
]);

/** The keys of a whole pattern: those of the event document. */
export const documentKeys: KeyRule = {
  fault(key, pattern) {
    if (!eventDocumentKeys.includes(key)) return `is no part of an event; use ${eventDocumentKeys.join(", ")}`;
    if (!documentObjects.has(key)) return textFault(pattern);
    return key !== "body" && Array.isArray(pattern) ? "is an object: name one of its fields" : undefined;
  },
  below: (key) => documentObjects.get(key) ?? anyKeys,
};

function textFault(pattern: unknown): string | undefined {
  return isJsonObject(pattern) ? "is a text: list the values it may have" : undefined;
}
