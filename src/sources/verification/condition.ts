import { createHash, timingSafeEqual } from "node:crypto";
import { parsePointer, readPointer } from "./json-pointer.ts";
import type { PointerPath } from "./json-pointer.ts";
import type { KeyMaterial } from "./key-material.ts";
import { listOf } from "./scheme-shape.ts";
import type { ConditionShape } from "./scheme-shape.ts";

/** One thing that a request must have for a handshake or an answer to be meant, ready for the hot path. */
export interface Condition {
  readonly place:
    | { readonly kind: "pointer"; readonly path: PointerPath }
    | { readonly kind: "header" | "query"; readonly name: string };
  readonly equals: string | number | boolean | undefined;
  readonly exists: boolean | undefined;
  readonly equalsSecret: string | undefined;
}

/** What conditions look at. */
export interface ConditionInput {
  readonly body: unknown;
  readonly headers: ReadonlyMap<string, string>;
  readonly query?: URLSearchParams;
  readonly secrets: readonly KeyMaterial[];
}

export function compileConditions(match: ConditionShape | readonly ConditionShape[] | undefined): readonly Condition[] {
  return listOf(match).map((condition) => ({
    place: compilePlace(condition),
    equals: condition.equals,
    exists: condition.exists,
    equalsSecret: condition.equalsSecret,
  }));
}

/** True of no conditions at all. */
export function doAllHold(conditions: readonly Condition[], input: ConditionInput): boolean {
  return conditions.every((condition) => doesHold(condition, input));
}

function compilePlace({ pointer, header, query }: ConditionShape): Condition["place"] {
  if (header !== undefined) return { kind: "header", name: header.toLowerCase() };
  if (query !== undefined) return { kind: "query", name: query };
  return { kind: "pointer", path: parsePointer(pointer ?? "/") };
}

function doesHold({ place, equals, exists, equalsSecret }: Condition, input: ConditionInput): boolean {
  const found = readPlace(place, input);
  if (exists !== undefined) return (found !== undefined) === exists;
  if (equals !== undefined) return found === equals;
  return typeof found === "string" && equalsSecret !== undefined && isSecret(found, equalsSecret, input.secrets);
}

function readPlace(place: Condition["place"], input: ConditionInput): unknown {
  if (place.kind === "pointer") return readPointer(input.body, place.path);
  return place.kind === "header" ? input.headers.get(place.name) : (input.query?.get(place.name) ?? undefined);
}

function isSecret(text: string, prefix: string, secrets: readonly KeyMaterial[]): boolean {
  const digest = createHash("sha256").update(text, "utf8").digest();
  let matches = 0;
  for (const { handshakeSecret } of secrets) {
    if (handshakeSecret?.prefix === prefix) matches |= Number(timingSafeEqual(digest, handshakeSecret.digest));
  }
  return matches !== 0;
}
