import type { z } from "zod";
import { type FieldError, InvalidError } from "./errors.ts";

type Issue = z.core.$ZodIssue;

// A body of a megabyte can hold a hundred thousand unknown fields, or one whose name is a megabyte.
const maxErrors = 50;
const maxPathCharacters = 200;

// Of a union that no member of matched, the member that came nearest tells most: the one that failed deepest down.
function nearest(branches: readonly Issue[][]): Issue[] | undefined {
  const depthOf = (branch: readonly Issue[]): number => Math.max(0, ...branch.map((issue) => issue.path.length));
  return branches.filter((branch) => depthOf(branch) > 0).toSorted((one, other) => depthOf(other) - depthOf(one))[0];
}

function flatten(issue: Issue, prefix: readonly PropertyKey[]): FieldError[] {
  const path = [...prefix, ...issue.path];
  const at = (...more: readonly PropertyKey[]): string =>
    [...path, ...more].map(String).join(".").slice(0, maxPathCharacters);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: at(key), message: "is not a known field" }));
  const branch = issue.code === "invalid_union" ? nearest(issue.errors) : undefined;
  if (branch !== undefined) return branch.flatMap((inner) => flatten(inner, path));
  return [{ path: at(), message: issue.message }];
}

/** The fields that a zod error is about, each with the path by which the caller knows it, e.g. `limits.concurrency`. */
function fieldErrorsOf(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => flatten(issue, [])).slice(0, maxErrors);
}

/** What `schema` makes of `input`; throws InvalidError naming each field that is wrong, missing or unknown. */
export function parseInput<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = fieldErrorsOf(parsed.error);
  const named = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  const more = named.length > 3 ? ` and ${named.length - 3} more` : "";
  throw new InvalidError(`The request is not valid: ${named.slice(0, 3).join("; ")}${more}`, errors);
}
