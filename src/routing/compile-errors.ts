import type { FieldError } from "../lib/errors.ts";

/** A pattern of a million wrong keys needs no million errors: a person mends the first few and tries again. */
const MAXIMUM_ERRORS = 20;

/** What is wrong with a route's pattern or template, collected while it is compiled, up to twenty findings. */
export class CompileErrors {
  readonly #found: FieldError[] = [];

  /** Records a finding. Returns `undefined`, so that a compile function can end with it. */
  add(path: string, message: string): undefined {
    if (!this.areFull) this.#found.push({ path, message });
  }

  addAll(errors: readonly FieldError[]): void {
    for (const { path, message } of errors) this.add(path, message);
  }

  get areFull(): boolean {
    return this.#found.length >= MAXIMUM_ERRORS;
  }

  get found(): readonly FieldError[] {
    return this.#found;
  }
}
