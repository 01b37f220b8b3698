import { resolve } from "node:path";
import { toWireId } from "../../lib/ids.ts";
import type { CommandSettings } from "../../platform/runner-settings.ts";
import { presentLeasedTask } from "../../tasks/present-leased-task.ts";
import { failedRun, type RunnerServices, type RunOutcome, type TaskRun } from "../task-run.ts";
import { toldText } from "../told-text.ts";
import { adapterOf } from "./adapter.ts";
import { type ChildEnd, ChildCommandProcess } from "./child-process.ts";
import { type Broken, executeCommand } from "./execute-command.ts";
import { type ArgumentValues, fillArguments } from "./fill-arguments.ts";
import type { OutputAdapter } from "./output-adapter.ts";
import { OutputReader } from "./output-reader.ts";
import { isSessionName, openSessionDirectory, type SessionDirectory } from "./session-directory.ts";
import { SessionLog } from "./session-log.ts";

// What programs need to find their files and write their texts, and nothing that is secret.
const inherited = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT"];

/** A task as its command gets it. */
interface Assignment {
  readonly taskId: string;
  readonly sessionId: string;
  /** The task in words. */
  readonly text: string;
  readonly document: object;
}

function assign(services: RunnerServices, { work, agent }: TaskRun): Assignment {
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

function argumentsOf({ work, agent }: TaskRun, assignment: Assignment, directory: SessionDirectory): ArgumentValues {
  return {
    agent_session_id: directory.agentSessionId ?? "",
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

function environmentOf(settings: CommandSettings, run: TaskRun, assignment: Assignment, directory: SessionDirectory) {
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

function stdinOf(settings: CommandSettings, adapter: OutputAdapter, assignment: Assignment): string {
  switch (settings.stdin ?? adapter.stdin) {
    case "json":
      return `${JSON.stringify(assignment.document)}\n`;
    case "text":
      return assignment.text;
    case "none":
      return "";
  }
}

function judge(reader: OutputReader, adapter: OutputAdapter, end: ChildEnd, broken: Broken | undefined): RunOutcome {
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

/**
 * Does a task by one run of an allow-listed command: its own process group and no shell, an environment by allow-list, output
 * within limits, and killed with all that it has started when the run is broken off.
 */
export async function runCommand(services: RunnerServices, run: TaskRun, name: string): Promise<RunOutcome> {
  const { process: limits } = services.settings.runners;
  const settings = Object.hasOwn(limits.commands, name) ? limits.commands[name] : undefined;
  if (settings === undefined)
    return failedRun("unknown_command", `The hub's settings have no command ${JSON.stringify(name)}.`, false);
  const assignment = assign(services, run);
  const { taskId, sessionId } = assignment;
  if (!isSessionName(sessionId)) return failedRun("bad_session_id", "The session's id cannot name a directory.", false);
  const root = resolve(limits.directory ?? services.sessionsDirectory);
  const task = { id: taskId, json: JSON.stringify(assignment.document) };
  const directory = await openSessionDirectory(root, toWireId("project", run.agent.project_id), sessionId, task);
  const resumes = settings.resumeArgs !== undefined && directory.agentSessionId !== undefined;
  const args = resumes ? (settings.resumeArgs ?? []) : settings.args;
  const filled = fillArguments({ ...settings, args }, argumentsOf(run, assignment, directory));
  if (!filled.ok) return failedRun(filled.code, filled.message, false);

  const adapter = adapterOf(settings);
  const log = new SessionLog(directory, limits.maxEvents);
  const now = (): string => new Date(services.clock.now()).toISOString();
  const reader = new OutputReader(adapter, run.report, (type, data) =>
    log.push(JSON.stringify({ at: now(), task_id: taskId, attempt: run.work.task.attempt, type, data })),
  );
  const session = {
    session_id: sessionId,
    task_id: taskId,
    agent: run.agent.name,
    attempt: run.work.task.attempt,
    model: run.agent.model ?? undefined,
    command: name,
    started_at: now(),
  };
  await directory.describe({ ...session, status: "running", agent_session_id: directory.agentSessionId });
  const child = new ChildCommandProcess(
    {
      command: settings.command,
      args: filled.args,
      cwd: settings.cwd ?? directory.path,
      env: environmentOf(settings, run, assignment, directory),
      stdin: stdinOf(settings, adapter, assignment),
    },
    limits.graceSeconds * 1000,
  );
  const bounds = {
    lineBytes: limits.lineLimitBytes,
    outputBytes: limits.outputLimitBytes,
    seconds: settings.timeoutSeconds,
  };
  const { end, broken } = await executeCommand(child, { reader, log }, bounds, run.signal);
  const outcome: RunOutcome = run.signal.aborted ? { kind: "stopped" } : judge(reader, adapter, end, broken);
  await log.end();
  await directory.describe({
    ...session,
    status: outcome.kind,
    ended_at: now(),
    exit_code: end.code ?? undefined,
    signal: end.signal ?? undefined,
    agent_session_id: reader.sessionId ?? directory.agentSessionId,
    usage: reader.usage,
    ...(outcome.kind === "failed" ? { error: outcome.error } : {}),
  });
  return outcome;
}
