import type { HttpRunner } from "../../agents/runner.ts";
import { openRunnerSecret } from "../../agents/runner-secret.ts";
import { callbackTokenOf } from "../../tasks/callback-token.ts";
import { presentLeasedTask } from "../../tasks/present-leased-task.ts";
import { failedRun, type RunnerServices, type RunOutcome, type TaskRun } from "../task-run.ts";
import { type AgentCall, requestOf, usualCompletion } from "./presets.ts";
import { readAnswer } from "./read-answer.ts";

const usualTimeoutSeconds = 300;
const maxResponseBytes = 1_048_576;

function callOf(services: RunnerServices, { work, claim, agent }: TaskRun): AgentCall {
  const { task } = work;
  const token = callbackTokenOf(task.id, claim.leaseToken);
  return {
    task: presentLeasedTask(services, work),
    attempt: task.attempt,
    model: agent.model ?? undefined,
    callbackUrl: `${services.publicUrl()}/api/v1/callbacks/${token}`,
    deadlineAt: task.deadlineAt.toISOString(),
    sentAt: new Date(services.clock.now()),
  };
}

/** Gives a task to an agent's endpoint, by one call through the guarded client, and reads what came of it. */
export async function callAgent(services: RunnerServices, run: TaskRun, runner: HttpRunner): Promise<RunOutcome> {
  const { agent, work, signal } = run;
  if (agent.runner_secret === null)
    return failedRun("no_secret", "The agent's runner has no secret; give it one.", false);
  const place = { projectId: agent.project_id, agentId: agent.id, version: agent.secret_version };
  const secret = openRunnerSecret(services.secretBox, place, agent.runner_secret);
  const completion = runner.completion ?? usualCompletion[runner.preset ?? "signed"];
  const { headers, body } = requestOf(runner, callOf(services, run), secret, completion === "callback");
  const leftMs = work.task.deadlineAt.getTime() - services.clock.now();
  const result = await services.outbound.request({
    url: runner.url,
    method: "POST",
    headers,
    body,
    timeoutMs: Math.max(1, Math.min((runner.timeoutSeconds ?? usualTimeoutSeconds) * 1000, leftMs)),
    maxResponseBytes,
    signal,
  });
  const outcome = readAnswer(result, {
    completion,
    isSigned: (runner.preset ?? "signed") === "signed",
    nowMs: services.clock.now(),
  });
  if (outcome.kind === "completed") for (const artifact of outcome.artifacts ?? []) run.report.artifact(artifact);
  const answered = result.kind === "response" ? { status: result.status } : { failure: result.reason };
  run.report.event("called", { url: runner.url, durationMs: result.durationMs, ...answered });
  return outcome;
}
