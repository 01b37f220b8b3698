import type { FieldError } from "../lib/errors.ts";
import type { StepAccount } from "./event-allowance.ts";
import type { CompileErrors } from "./compile-errors.ts";
import type { EventDocument } from "./event-document.ts";

const MAXIMUM_PIECES = 1_000;
const MAXIMUM_BYTES = 65_536;

/** One run of the template compiler: what it found wrong, and how much of the limits the template has used. */
export class TemplateCompilation {
  readonly errors: CompileErrors;
  /** What evaluating the placeholders is charged to. */
  readonly account: StepAccount = { remaining: 0 };
  #pieces = 0;
  #bytes = 0;

  constructor(errors: CompileErrors) {
    this.errors = errors;
  }

  /** True once there is no point in looking at the rest of the template. */
  get isOver(): boolean {
    return this.errors.areFull || this.#pieces > MAXIMUM_PIECES || this.#bytes > MAXIMUM_BYTES;
  }

  /** Counts a value or a key of the template; false when the limits end here. */
  accept(path: string, text = ""): boolean {
    if (this.isOver) return false;
    this.#pieces += 1;
    this.#bytes += Buffer.byteLength(text);
    if (!this.isOver) return true;
    this.errors.add(path, `is too much: ${MAXIMUM_PIECES} keys and values and ${MAXIMUM_BYTES} bytes are the limit`);
    return false;
  }
}

/** One rendering under way. The first fault ends it. */
export interface Rendering {
  readonly document: EventDocument;
  /** Bytes that the rendered text and values may still have. */
  remaining: number;
  fault: FieldError | undefined;
}

/** A compiled piece of a template; `undefined` means that there is nothing to put in its place. */
export type RenderValue = (rendering: Rendering) => unknown;
