import { failedRun, type RunOutcome } from "../task-run.ts";
import type { ChildEnd } from "./child-process.ts";
import type { Broken } from "./execute-command.ts";
import type { OutputAdapter } from "./output-adapter.ts";
import type { OutputReader } from "./output-reader.ts";

/** What became of a task whose command has ended. */
export function judgeRun(
  reader: OutputReader,
  adapter: OutputAdapter,
  end: ChildEnd,
  broken: Broken | undefined,
): RunOutcome {
  const usage = Object.keys(reader.usage).length === 0 ? {} : { usage: reader.usage };
  const fail = (code: string, message: string, retryable: boolean): RunOutcome => ({
    ...failedRun(code, message.replaceAll("\u0000", "").toWellFormed(), retryable),
    ...usage,
  });
  const said = reader.errorText === "" ? "" : ` It said: ${reader.errorText}`;
  if (broken === "output_limit")
    return fail("output_limit", "The command wrote more than it may, and was killed.", false);
  if (broken === "time_limit") return fail("timeout", "The command took longer than it may, and was killed.", true);
  if (end.startError !== undefined) {
    const why = "code" in end.startError ? String(end.startError.code) : "unknown";
    return fail("cannot_start", `The command cannot be started (${why}).`, false);
  }
  if (end.signal !== null) return fail("killed", `The command was killed by ${end.signal}.${said}`, true);
  if (reader.error !== undefined) return fail(reader.error.code, reader.error.message, reader.error.retryable);
  if (end.code !== 0) return fail(`exit_${end.code}`, `The command ended with exit code ${end.code}.${said}`, true);
  if (reader.question !== undefined) return { kind: "input_required", question: reader.question };
  if (reader.result !== undefined) return { kind: "completed", result: reader.result.value, ...usage };
  if (adapter.textIsResult) return { kind: "completed", result: { text: reader.text }, ...usage };
  return fail("no_result", `The command ended without a result.${said}`, true);
}
