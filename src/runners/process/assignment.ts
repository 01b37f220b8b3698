import type { CommandSettings } from "../../platform/runner-settings.ts";
import { presentLeasedTask } from "../../tasks/present-leased-task.ts";
import type { RunnerServices, TaskRun } from "../task-run.ts";
import { toldText } from "../told-text.ts";
import type { ArgumentValues } from "./fill-arguments.ts";
import type { OutputAdapter } from "./output-adapter.ts";
import type { SessionDirectory } from "./session-directory.ts";

// What programs need to find their files and write their texts, and nothing that is secret.
const inherited = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT"];

/** A task as its command gets it. */
export interface Assignment {
  readonly taskId: string;
  readonly sessionId: string;
  /** The task in words. */
  readonly text: string;
  readonly document: object;
}

/** What a command is told of its task. */
export function assign(services: RunnerServices, { work, agent }: TaskRun): Assignment {
  const task = presentLeasedTask(services, work);
  const sessionId = work.task.sessionId ?? task.id;
  const document = {
    task,
    attempt: work.task.attempt,
    sessionId,
    ...(agent.model === null ? {} : { model: agent.model }),
    deadlineAt: work.task.deadlineAt.toISOString(),
  };
  return { taskId: task.id, sessionId, text: toldText(task), document };
}

/** What the arguments of a command may name, but for its own session, which only its directory knows. */
export function argumentsOf(
  { work, agent }: TaskRun,
  assignment: Assignment,
  directory: SessionDirectory,
): Omit<ArgumentValues, "agent_session_id"> {
  return {
    task: work.task.input,
    instructions: assignment.text,
    parameters: JSON.stringify(work.task.parameters ?? {}),
    model: agent.model ?? "",
    agent: agent.name,
    task_id: assignment.taskId,
    session_id: assignment.sessionId,
    session_dir: directory.path,
    task_file: directory.taskFile,
    attempt: String(work.task.attempt),
  };
}

/** All that a command gets of an environment. */
export function environmentOf(
  settings: CommandSettings,
  run: TaskRun,
  assignment: Assignment,
  directory: SessionDirectory,
) {
  const passed = [...inherited, ...settings.env].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    HOOKYARD_TASK_ID: assignment.taskId,
    HOOKYARD_TASK_FILE: directory.taskFile,
    HOOKYARD_SESSION_ID: assignment.sessionId,
    HOOKYARD_SESSION_DIR: directory.path,
    HOOKYARD_AGENT: run.agent.name,
    HOOKYARD_ATTEMPT: String(run.work.task.attempt),
  };
}

/** What a command reads on its standard input. */
export function stdinOf(settings: CommandSettings, adapter: OutputAdapter, assignment: Assignment): string {
  switch (settings.stdin ?? adapter.stdin) {
    case "json":
      return `${JSON.stringify(assignment.document)}\n`;
    case "text":
      return assignment.text;
    case "none":
      return "";
  }
}
