import { type HeldAgent, holdAgent } from "../agents/hold-agent.ts";
import { type FieldError, InvalidError } from "../lib/errors.ts";
import type { Transaction } from "../platform/database.ts";
import { providers } from "../sources/providers/catalogue.ts";
import { selectSource } from "../sources/store.ts";
import { compileMatch } from "./match.ts";
import { compileTaskTemplate } from "./task-template.ts";

/** Throws InvalidError naming each fault of a provider, pattern or template; what is undefined is not looked at. */
export function requireValidRule(rule: {
  readonly provider?: string | null;
  readonly match?: object | null;
  readonly task?: object;
}): void {
  const { provider, match, task } = rule;
  const errors: FieldError[] = [];
  if (typeof provider === "string" && !providers.has(provider))
    errors.push({ path: "provider", message: `must be one of ${[...providers.keys()].join(", ")}` });
  const compiledMatch = compileMatch(match ?? undefined);
  if (!compiledMatch.ok) errors.push(...compiledMatch.errors);
  const compiledTask = task === undefined ? undefined : compileTaskTemplate(task);
  if (compiledTask?.ok === false) errors.push(...compiledTask.errors);
  if (errors.length > 0) throw new InvalidError("The route is not valid", errors);
}

/** Throws InvalidError unless this is a source of the project, which then stays until the transaction ends. */
export async function requireSource(tx: Transaction, projectId: string, id: string): Promise<void> {
  if ((await selectSource(tx, projectId, id, "share")) !== undefined) return;
  const message = "must be the id of a source of this project";
  throw new InvalidError(`sourceId ${message}`, [{ path: "sourceId", message }]);
}

/** An agent of the project, which stays until the transaction ends. Throws InvalidError when there is none. */
export async function requireAgent(tx: Transaction, projectId: string, name: string): Promise<HeldAgent> {
  const agent = await holdAgent(tx, projectId, name);
  if (agent !== undefined) return agent;
  const message = "must be the name of an agent of this project";
  throw new InvalidError(`agent ${message}`, [{ path: "agent", message }]);
}
