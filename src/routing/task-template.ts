import type { FieldError } from "../lib/errors.ts";
import { MAXIMUM_STEPS } from "./event-allowance.ts";
import { CompileErrors } from "./compile-errors.ts";
import type { EventDocument } from "./event-document.ts";
import { isJsonObject } from "./json-object.ts";
import { type Rendering, TemplateCompilation } from "./template-compilation.ts";
import { compileLabels } from "./template-labels.ts";
import { compileText } from "./template-string.ts";
import { compileValue } from "./template-value.ts";

/**
 * Of the rendered input, and as much again of parameters: beyond this an agent should read the event itself, which
 * travels with the task.
 */
const MAXIMUM_RENDERED_BYTES = 262_144;
/** The queue's priority is a Postgres `integer`. */
const MAXIMUM_PRIORITY = 2_147_483_647;

const templateKeys: readonly string[] = ["input", "parameters", "priority", "labels"];

export type RenderedTask =
  | {
      readonly ok: true;
      readonly input: string;
      /** May share objects with the event's body: read only. */
      readonly parameters: Readonly<Record<string, unknown>>;
      readonly priority: number;
      readonly labels?: readonly string[];
    }
  | { readonly ok: false; readonly error: FieldError };

export type CompiledTaskTemplate =
  | {
      readonly ok: true;
      /**
       * Pure and never throws. Fails, rather than cut anything off, when the input or what is put into the parameters
       * is over 256 KiB, when a value is nested too deeply to be JSON again, and when an expression gives no value for
       * another reason than that the event lacks it.
       */
      readonly render: (document: EventDocument) => RenderedTask;
    }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/**
 * Compiles a route's `task`: `{input, parameters?, priority?, labels?}`, with `${ CEL }` placeholders in the input, the labels and the
 * strings of the parameters (their keys are taken as they are). Never throws: a template comes from a user, and
 * every fault of it is an error with its path and, inside a text, its place.
 */
export function compileTaskTemplate(template: unknown): CompiledTaskTemplate {
  const errors = new CompileErrors();
  const compilation = new TemplateCompilation(errors);
  if (!isJsonObject(template)) return { ok: false, errors: [{ path: "task", message: "must be an object" }] };
  for (const key of Object.keys(template)) {
    if (errors.areFull) break;
    if (!templateKeys.includes(key))
      errors.add(`task.${key.slice(0, 100)}`, `is no part of a task; use ${templateKeys.join(", ")}`);
  }
  const { input, parameters = {}, priority = 0, labels } = template;
  const renderInput =
    typeof input === "string" && input !== ""
      ? compileText(compilation, "task.input", input)
      : errors.add("task.input", "must be a text that is not empty");
  const renderParameters = isJsonObject(parameters)
    ? compileValue(compilation, "task.parameters", parameters)
    : errors.add("task.parameters", "must be an object");
  if (!isPriority(priority)) errors.add("task.priority", `must be an integer within ±${MAXIMUM_PRIORITY}`);
  const renderLabels = labels === undefined ? undefined : compileLabels(compilation, labels);
  if (renderInput === undefined || renderParameters === undefined || !isPriority(priority) || errors.found.length > 0) {
    return { ok: false, errors: errors.found };
  }

  return {
    ok: true,
    render(document) {
      compilation.account.remaining = MAXIMUM_STEPS;
      const inputRendering: Rendering = { document, remaining: MAXIMUM_RENDERED_BYTES, fault: undefined };
      const parametersRendering: Rendering = { ...inputRendering };
      const text = renderInput(inputRendering);
      const values = renderParameters(parametersRendering);
      const labelsRendering: Rendering = { ...inputRendering };
      const rendered = renderLabels?.(labelsRendering) ?? [];
      const error = inputRendering.fault ?? parametersRendering.fault ?? labelsRendering.fault;
      if (error !== undefined) return { ok: false, error };
      return {
        ok: true,
        input: text,
        parameters: values as Readonly<Record<string, unknown>>,
        priority,
        ...(rendered.length === 0 ? {} : { labels: rendered }),
      };
    },
  };
}

function isPriority(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(Number(value)) <= MAXIMUM_PRIORITY;
}
