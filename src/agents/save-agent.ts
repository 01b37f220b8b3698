import { recordAudit } from "../access/audit.ts";
import type { Context } from "../access/context.ts";
import { permits } from "../access/roles.ts";
import { ConflictError } from "../lib/errors.ts";
import { toWireId } from "../lib/ids.ts";
import type { Transaction } from "../platform/database.ts";
import { type AgentDefinition, columnsOf } from "./agent-definition.ts";
import { agentQueue, agentQueueOptions } from "./agent-queue.ts";
import type { SecretChange } from "./resolve-runner.ts";
import { sealRunnerSecret } from "./runner-secret.ts";
import { type AgentRow, insertAgent, insertAgentVersion, updateAgentRow } from "./store.ts";

/** A definition to be saved. */
export interface AgentSave {
  readonly definition: AgentDefinition;
  readonly secret: SecretChange;
  /** Of the file that it came from; null when it came from none. */
  readonly contentHash: Buffer | null;
  /** For the audit log. */
  readonly action: "agent.create" | "agent.update" | "agent.import";
  readonly fields: readonly string[];
}

/** The error of a name that another agent of the project has. */
export function nameTaken(name: string): ConflictError {
  return new ConflictError("agent_exists", `There is an agent of the name ${JSON.stringify(name)} already`);
}

function secretColumns(ctx: Context, agentId: string, version: number, secret: SecretChange) {
  if (secret.kind === "keep") return {};
  if (secret.kind === "drop") return { runner_secret: null };
  const place = { projectId: ctx.actor.projectId, agentId, version: version + 1 };
  return { runner_secret: sealRunnerSecret(ctx.secretBox, place, secret.text), secret_version: place.version };
}

async function recordSave(ctx: Context, tx: Transaction, row: AgentRow, save: AgentSave): Promise<void> {
  await insertAgentVersion(tx, {
    agent_id: row.id,
    version: row.version,
    definition: JSON.stringify(save.definition),
    content_hash: save.contentHash,
    actor_name: ctx.actor.name,
    created_at: row.updated_at,
  });
  const detail = { name: row.name, fields: save.fields };
  await recordAudit(ctx, tx, { action: save.action, target: toWireId("agent", row.id), detail });
  await ctx.signals.emit(tx, "agents", [row.id]);
}

/** A generated secret, for whoever may see it; it is shown with this answer and never again. */
export function revealSecret(ctx: Context, secret: SecretChange): { secret?: string } {
  const isShown = secret.kind === "set" && secret.isGenerated && permits(ctx.actor.role, "endpoints:reveal");
  return isShown ? { secret: secret.text } : {};
}

/**
 * Makes the queue of an agent that is about to be inserted with this id. Before the agent, because pg-boss makes queues in
 * transactions of its own: an agent without a queue could take no task, while a queue whose agent was never committed harms
 * nobody.
 */
export async function ensureAgentQueue(ctx: Context, agentId: string): Promise<void> {
  await ctx.queue.ensure(agentQueue(agentId), agentQueueOptions);
}

/** Stores a new agent with its first version. Throws ConflictError `agent_exists` when the name is taken. */
export async function insertDefinedAgent(
  ctx: Context,
  tx: Transaction,
  { id, name }: { readonly id: string; readonly name: string },
  save: AgentSave,
): Promise<AgentRow> {
  const now = new Date(ctx.clock.now());
  const row = await insertAgent(tx, {
    id,
    project_id: ctx.actor.projectId,
    name,
    ...columnsOf(save.definition),
    ...secretColumns(ctx, id, 0, save.secret),
    content_hash: save.contentHash,
    created_at: now,
    updated_at: now,
  });
  if (row === undefined) throw nameTaken(name);
  await recordSave(ctx, tx, row, save);
  return row;
}

/** Stores the next version of an agent that the caller has locked. */
export async function updateDefinedAgent(
  ctx: Context,
  tx: Transaction,
  agent: AgentRow,
  save: AgentSave,
): Promise<AgentRow> {
  const row = await updateAgentRow(tx, agent.id, {
    ...columnsOf(save.definition),
    ...secretColumns(ctx, agent.id, agent.secret_version, save.secret),
    content_hash: save.contentHash,
    version: agent.version + 1,
    updated_at: new Date(ctx.clock.now()),
  });
  await recordSave(ctx, tx, row, save);
  return row;
}
