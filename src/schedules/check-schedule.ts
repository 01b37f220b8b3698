import { holdAgent } from "../agents/hold-agent.ts";
import type { HeldAgent } from "../agents/hold-agent.ts";
import { type FieldError, InvalidError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import type { Services } from "../platform/services.ts";
import { compileTaskTemplate } from "../routing/task-template.ts";

/** What is checked of a schedule; an absent task is not. */
interface Timing {
  readonly cron: string;
  readonly timezone: string;
  readonly task?: object | undefined;
}

/**
 * Throws InvalidError naming each fault of a schedule's times and of its template. What counts is whether pg-boss can
 * read them, for it is pg-boss that runs them.
 */
export function requireValidSchedule({ queue, clock }: Services, { cron, timezone, task }: Timing): void {
  const errors: FieldError[] = [];
  const now = new Date(clock.now());
  const problemOf = (expression: string, zone: string): string | undefined => {
    try {
      const [next] = queue.previewSchedule(expression, zone, now, 1);
      return next === undefined ? "never comes" : undefined;
    } catch (error) {
      return error instanceof Error ? error.message : "cannot be read";
    }
  };
  const cronProblem = problemOf(cron, "UTC");
  if (cronProblem !== undefined) errors.push({ path: "cron", message: cronProblem });
  const zoneProblem = problemOf("0 0 * * *", timezone);
  if (zoneProblem !== undefined) errors.push({ path: "timezone", message: "must be an IANA time zone" });
  const compiled = task === undefined ? undefined : compileTaskTemplate(task);
  if (compiled?.ok === false) errors.push(...compiled.errors);
  if (errors.length > 0) throw new InvalidError("The schedule is not valid", errors);
}

/** An agent of the project, which stays until the transaction ends. Throws InvalidError when there is none. */
export async function requireScheduledAgent(tx: Transaction, projectId: string, name: string): Promise<HeldAgent> {
  const agent = await holdAgent(tx, projectId, name);
  if (agent !== undefined) return agent;
  const message = "must be the name of an agent of this project";
  throw new InvalidError(`agent ${message}`, [{ path: "agent", message }]);
}
