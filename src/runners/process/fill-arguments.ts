import type { CommandSettings, Placeholder } from "../../platform/runner-settings.ts";

/** What takes the place of the names in braces. */
export type ArgumentValues = Readonly<Record<Placeholder, string>>;

/** The arguments of a command, or why it cannot be called with these values. */
export type FilledArguments =
  | { readonly ok: true; readonly args: readonly string[] }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** An argument of 128 KiB cannot be passed on (E2BIG, Linux' MAX_ARG_STRLEN); half of it leaves room for what stands around. */
const maxArgumentBytes = 65_536;

// In one pass: a value that has braces itself is not looked at again.
function fill(template: string, values: ArgumentValues): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? values[name as Placeholder] : whole,
  );
}

// The settings see to it that text of others never begins an argument; what an agent's definition says may, if it cannot be
// taken for an option.
function isOption(template: string, arg: string, before: readonly string[]): boolean {
  return template.startsWith("{") && arg.startsWith("-") && !before.includes("--");
}

/**
 * The arguments of a command, each template filled once. Nothing is quoted, since no shell will read it. Where an argument
 * would be larger than can be passed, those of `largeArgs` take their place.
 */
export function fillArguments({ args, largeArgs }: CommandSettings, values: ArgumentValues): FilledArguments {
  const filled = args.map((template) => fill(template, values));
  const largest = Math.max(0, ...filled.map((arg) => Buffer.byteLength(arg)));
  if (largest > maxArgumentBytes && largeArgs !== undefined)
    return fillArguments({ args: largeArgs } as CommandSettings, values);
  if (largest > maxArgumentBytes)
    return {
      ok: false,
      code: "argument_too_large",
      message:
        `An argument would have ${largest} bytes, more than the ${maxArgumentBytes} that can be passed. Set largeArgs for the ` +
        "command, with {task_file}, or let it read the task from its standard input.",
    };
  if (filled.some((arg) => arg.includes("\u0000")))
    return {
      ok: false,
      code: "argument_invalid",
      message: "An argument would contain a NUL character, which no command can get.",
    };
  if (filled.some((arg, index) => isOption(args[index] ?? "", arg, args.slice(0, index))))
    return {
      ok: false,
      code: "argument_invalid",
      message: "The model or name of the agent begins with a dash: it would be an option.",
    };
  return { ok: true, args: filled };
}
