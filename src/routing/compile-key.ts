import { compileCel } from "./cel.ts";
import { MAXIMUM_STEPS } from "./event-allowance.ts";
import type { CompileErrors } from "./compile-errors.ts";
import type { KeyOf } from "./compiled-route.ts";
import { placeInText } from "./place-in-text.ts";
import { TemplateCompilation } from "./template-compilation.ts";
import { compileParts, type Placeholder } from "./template-string.ts";

/** A key is stored and indexed with its task; nobody needs more to name a pull request. */
const MAXIMUM_KEY_BYTES = 512;

const keyTypes: ReadonlySet<string> = new Set(["string", "int", "double", "bool", "dyn"]);

type Key = ReturnType<KeyOf>;

/**
 * Compiles what gives an event its key: a template when it holds `${`, else a CEL expression. An event that lacks a value
 * has no key, in a template too: else all that lack it would share one.
 */
export function compileKey(errors: CompileErrors, path: string, source: string): KeyOf | undefined {
  if (source.includes("${")) return compileTemplate(errors, path, source);
  const account = { remaining: 0 };
  const compiled = compileCel(source, account);
  if (!compiled.ok) return errors.add(path, placeInText(source, compiled.offset, compiled.message));
  const { type, evaluate } = compiled;
  if (!keyTypes.has(type))
    return errors.add(path, placeInText(source, 0, `must give a text, a number or a bool, and gives ${type}`));
  return (document) => {
    account.remaining = MAXIMUM_STEPS;
    const result = evaluate(document);
    return result.ok ? bounded(partOf(result.value)) : result;
  };
}

function compileTemplate(errors: CompileErrors, path: string, source: string): KeyOf | undefined {
  const compilation = new TemplateCompilation(errors);
  const parts = compileParts(compilation, path, source);
  if (parts === undefined) return undefined;
  return (document) => {
    compilation.account.remaining = MAXIMUM_STEPS;
    let value = "";
    for (const part of parts) {
      const found: Key = typeof part === "string" ? { ok: true, value: part } : read(part, document);
      if (!found.ok) return found;
      value += found.value;
    }
    return bounded({ ok: true, value });
  };
}

function read({ evaluate }: Placeholder, document: Parameters<KeyOf>[0]): Key {
  const result = evaluate(document);
  return result.ok ? partOf(result.value) : result;
}

function partOf(value: unknown): Key {
  if (value === null) return { ok: false, message: "the event has null in place of a key" };
  if (typeof value === "string") return { ok: true, value };
  if (typeof value === "number" || typeof value === "boolean") return { ok: true, value: String(value) };
  return { ok: false, message: "a key must be a text, a number or a bool" };
}

function bounded(key: Key): Key {
  if (!key.ok) return key;
  if (key.value === "") return { ok: false, message: "the key is empty" };
  // Postgres stores neither.
  if (key.value.includes("\u0000") || !key.value.isWellFormed())
    return { ok: false, message: "the key holds characters that cannot be stored" };
  if (Buffer.byteLength(key.value) <= MAXIMUM_KEY_BYTES) return key;
  return { ok: false, message: `the key is longer than ${MAXIMUM_KEY_BYTES} bytes` };
}
