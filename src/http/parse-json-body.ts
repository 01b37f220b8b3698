import { MalformedError } from "../lib/errors.ts";

// JSON.parse takes any depth, but JSON.stringify and zod recurse: at 10,000 levels they overflow the stack.
const maxDepth = 100;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isTooDeep(root: unknown): boolean {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return false;
}

function decode(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new MalformedError("malformed_body", "The body is not valid UTF-8", { cause });
  }
}

/**
 * The value of a JSON body, or undefined when there is none. Throws MalformedError for invalid UTF-8 (Express' own parser
 * would let U+FFFD take its place), a byte order mark, what is not JSON, and more than 100 levels of nesting.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MalformedError("malformed_body", "The body is not valid JSON", { cause });
  }
  if (isTooDeep(value))
    throw new MalformedError("malformed_body", `The body is nested more than ${maxDepth} levels deep`);
  return value;
}
