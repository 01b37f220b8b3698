import { setTimeout as delay } from "node:timers/promises";
import { systemActor } from "../access/system-actor.ts";
import { selectAgent } from "../agents/store.ts";
import type { Runner } from "../agents/runner.ts";
import { selectEventDocuments } from "../events/document-store.ts";
import { ConflictError, HubError, InvalidError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import { askForInput, type Question } from "../tasks/ask-for-input.ts";
import { awaitCallback } from "../tasks/await-callback.ts";
import { selectDependencyResults } from "../tasks/dependency-results.ts";
import { settleUnderLease } from "../tasks/complete-task.ts";
import { failTask } from "../tasks/fail-task.ts";
import type { Claim } from "../tasks/held-task.ts";
import type { LeasedTask } from "../tasks/lease-of-agent.ts";
import { releaseTask } from "../tasks/release-task.ts";
import { callPeer } from "./a2a/call-peer.ts";
import { callAgent } from "./remote/call-agent.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { runCommand } from "./process/run-command.ts";
import { failedRun, type RunnerServices, type RunOutcome, type StopReason, type TaskRun } from "./task-run.ts";

/** A run under way. */
export interface StartedRun {
  readonly agentId: string;
  /** Resolves when it has ended and is settled. Never rejects. */
  readonly ended: Promise<void>;
  stop(reason: StopReason): void;
}

async function perform(services: RunnerServices, run: TaskRun): Promise<RunOutcome> {
  const runner = run.agent.runner as Runner;
  switch (runner.type) {
    case "process":
      return await runCommand(services, run, runner.command);
    case "http":
      return await callAgent(services, run, runner);
    case "a2a":
      return await callPeer(services, run, runner);
    case "pull":
      // Since a moment ago: its workers shall have it.
      return { kind: "stopped" };
  }
}

async function attempt(
  services: RunnerServices,
  task: LeasedTask,
  claim: Claim,
  keeper: LeaseKeeper,
): Promise<RunOutcome> {
  const { db } = services;
  const [agent, documents, results] = await Promise.all([
    selectAgent(db, task.agent.projectId, toWireId("agent", task.agent.id)),
    selectEventDocuments(db, task.event === null ? [] : [task.event.id]),
    selectDependencyResults(db, task.dependsOn),
  ]);
  if (agent === undefined) return failedRun("agent_deleted", "The task's agent was deleted.", false);
  const dependencies = task.dependsOn.map((id) => results.get(id)).filter((result) => result !== undefined);
  const work = { task, event: documents.get(task.event?.id ?? ""), dependencies };
  return await perform(services, { work, claim, agent, report: keeper, signal: keeper.signal });
}

async function ask(services: RunnerServices, claim: Claim, question: Question): Promise<void> {
  try {
    await askForInput(services, claim, question);
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    await failTask(services, services.settle, claim, failedRun("bad_question", error.message, false));
  }
}

async function settle(services: RunnerServices, claim: Claim, outcome: RunOutcome): Promise<void> {
  switch (outcome.kind) {
    case "completed": {
      const { result, usage } = outcome;
      const settlement = { to: "completed" as const, result, ...(usage === undefined ? {} : { usage }) };
      await settleUnderLease(services.settle, claim, settlement);
      return;
    }
    case "failed":
      await failTask(services, services.settle, claim, outcome);
      return;
    case "pending":
      await awaitCallback(services, claim);
      return;
    case "input_required":
      await ask(services, claim, outcome.question);
      return;
    case "stopped":
      await releaseTask(services, claim);
  }
}

const settleTries = 10;

// The database may be away for a moment; the work is done, and to do it again costs more than to wait.
async function settleSafely(services: RunnerServices, claim: Claim, outcome: RunOutcome): Promise<string> {
  for (let tries = 1; ; tries += 1)
    try {
      await settle(services, claim, outcome);
      return outcome.kind;
    } catch (error) {
      if (error instanceof ConflictError) return "lease_lost";
      if (!(error instanceof HubError) || error.status < 500 || tries === settleTries) throw error;
      await delay(500 * tries);
    }
}

async function runToEnd(
  services: RunnerServices,
  task: LeasedTask,
  claim: Claim,
  keeper: LeaseKeeper,
): Promise<string> {
  const outcome = await attempt(services, task, claim, keeper).catch((error: unknown) => {
    services.log.error({ unit: "runner", taskId: toWireId("task", task.id), err: error }, "a run broke down");
    return failedRun("runner_error", "The hub could not run the task; its log says why.", true);
  });
  if (outcome.kind === "failed" && outcome.usage !== undefined) keeper.usage(outcome.usage);
  await keeper.end();
  const reason = keeper.signal.aborted ? (keeper.signal.reason as StopReason) : undefined;
  // Broken off, there is nothing to say but when the process stops: then somebody else shall do it, at once. A task whose
  // time is over is taken back by the sweep of leases, which knows whether there is another attempt.
  if (reason === "budget_exceeded") {
    const error = { code: reason, message: "The budget was used up while the task was under way." };
    await settleUnderLease(services.settle, claim, { to: "failed", reason, error });
    return reason;
  }
  const isOver =
    reason === "canceled" || reason === "lease_lost" || (reason === "timeout" && outcome.kind !== "completed");
  return isOver ? reason : await settleSafely(services, claim, outcome);
}

/** Begins to do a leased task as its agent says, under heartbeats, and settles it as any worker does: fenced by its lease. */
export function startRun(services: RunnerServices, task: LeasedTask): StartedRun {
  const { log, clock } = services;
  const claim = { actor: systemActor(task.agent.projectId), taskId: task.id, leaseToken: task.leaseToken };
  const keeper = new LeaseKeeper(services, claim, task);
  const startedMs = clock.now();
  const line = { unit: "runner", taskId: toWireId("task", task.id), agent: task.agent.name, attempt: task.attempt };
  const ended = runToEnd(services, task, claim, keeper).then(
    (outcome) => log.info({ ...line, outcome, durationMs: clock.now() - startedMs }, "ran a task"),
    (err: unknown) => log.error({ ...line, err }, "a task could not be settled: it waits until its lease lapses"),
  );
  return { agentId: task.agent.id, ended, stop: (reason) => keeper.stop(reason) };
}
