import { resolve } from "node:path";
import { allDone } from "../../lib/all-done.ts";
import { toWireId } from "../../lib/ids.ts";
import type { CommandSettings } from "../../platform/runner-settings.ts";
import { failedRun, type RunnerServices, type RunOutcome, type TaskRun } from "../task-run.ts";
import { adapterOf } from "./adapter.ts";
import { argumentsOf, assign, type Assignment, environmentOf, stdinOf } from "./assignment.ts";
import { ChildCommandProcess } from "./child-process.ts";
import { executeCommand } from "./execute-command.ts";
import { fillArguments } from "./fill-arguments.ts";
import { judgeRun } from "./judge-run.ts";
import { killLeftBehind, tracesOf } from "./left-behind.ts";
import { OutputReader } from "./output-reader.ts";
import { isSessionName, openSessionDirectory, type SessionDirectory } from "./session-directory.ts";
import { SessionLog } from "./session-log.ts";

// It becomes an argument: whatever a command has said, it must be no option and no path.
function agentSessionOf({ before }: SessionDirectory): string | undefined {
  const id = before["agent_session_id"];
  return typeof id === "string" && isSessionName(id) ? id : undefined;
}

interface Prepared {
  readonly settings: CommandSettings;
  readonly assignment: Assignment;
  readonly directory: SessionDirectory;
}

async function runPrepared(
  services: RunnerServices,
  run: TaskRun,
  name: string,
  prepared: Prepared,
): Promise<RunOutcome> {
  const { settings, assignment, directory } = prepared;
  const { process: limits } = services.settings.runners;
  const { taskId, sessionId } = assignment;
  if (await killLeftBehind(directory.before, taskId)) run.report.event("killed_left_behind");
  const agentSessionId = agentSessionOf(directory);
  const resumes = settings.resumeArgs !== undefined && agentSessionId !== undefined;
  const args = resumes ? (settings.resumeArgs ?? []) : settings.args;
  const values = { ...argumentsOf(run, assignment, directory), agent_session_id: agentSessionId ?? "" };
  const filled = fillArguments({ ...settings, args }, values);
  if (!filled.ok) return failedRun(filled.code, filled.message, false);

  const adapter = adapterOf(settings);
  const log = new SessionLog(directory.events, limits.maxEvents);
  const now = (): string => new Date(services.clock.now()).toISOString();
  const { attempt } = run.work.task;
  const reader = new OutputReader(adapter, run.report, (type, data) =>
    log.push(JSON.stringify({ at: now(), task_id: taskId, attempt, type, data })),
  );
  const session = {
    session_id: sessionId,
    task_id: taskId,
    agent: run.agent.name,
    attempt,
    model: run.agent.model ?? undefined,
    command: name,
    started_at: now(),
    agent_session_id: agentSessionId,
  };
  // Before it is started, for it may read this.
  await directory.describe({ ...session, status: "running" });
  if (run.signal.aborted) return { kind: "stopped" };
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
  const executed = executeCommand(child, { reader, log }, bounds, run.signal);
  const traces = await tracesOf(child.pid);
  await directory.describe({ ...session, status: "running", ...traces }).catch(async (error: unknown) => {
    child.kill();
    await executed;
    throw error;
  });
  const { end, broken } = await executed;
  const outcome: RunOutcome = run.signal.aborted ? { kind: "stopped" } : judgeRun(reader, adapter, end, broken);
  const described = directory.describe({
    ...session,
    status: outcome.kind,
    ended_at: now(),
    exit_code: end.code ?? undefined,
    signal: end.signal ?? undefined,
    ...(reader.sessionId === undefined ? {} : { agent_session_id: reader.sessionId }),
    usage: reader.usage,
    ...(outcome.kind === "failed" ? { error: outcome.error } : {}),
  });
  await allDone([log.end(), described]);
  return outcome;
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
  try {
    return await runPrepared(services, run, name, { settings, assignment, directory });
  } finally {
    await directory.events.close();
  }
}
