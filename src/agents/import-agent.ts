import { hash } from "node:crypto";
import { authorise } from "../access/actor.ts";
import type { Context } from "../access/context.ts";
import { ConflictError, MalformedError } from "../lib/errors.ts";
import { readActivity } from "./agent-activity.ts";
import { changeDefinition, definitionOf, isSameDefinition } from "./agent-definition.ts";
import { presentAgent } from "./agent.ts";
import type { AgentWithSecret } from "./create-agent.ts";
import { type AgentFile, parseAgentFile } from "./markdown/parse-agent-file.ts";
import { type ResolvedRunner, resolveRunner } from "./resolve-runner.ts";
import { ensureAgentQueue, insertDefinedAgent, revealSecret, updateDefinedAgent } from "./save-agent.ts";
import { type AgentRow, selectAgent } from "./store.ts";

/** What an import made of an agent. */
export interface ImportedAgent {
  readonly outcome: "created" | "updated" | "unchanged";
  readonly agent: AgentWithSecret;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function decode(content: Buffer): string {
  try {
    return decoder.decode(content);
  } catch (cause) {
    throw new MalformedError("malformed_body", "The file is not valid UTF-8", { cause });
  }
}

// How an agent is reached and what it may use is often said where it runs, not in its file: without a word of it in the
// file, it stays.
function resolve(ctx: Context, { runner }: AgentFile, agent: AgentRow | undefined): ResolvedRunner {
  const before = agent === undefined ? undefined : definitionOf(agent).runner;
  if (runner !== undefined) return resolveRunner(ctx, runner, before);
  return { runner: before ?? { type: "pull" }, secret: { kind: "keep" } };
}

async function saveFile(ctx: Context, file: AgentFile, contentHash: Buffer): Promise<ImportedAgent> {
  const { name, ...fields } = file;
  const id = ctx.newId();
  if ((await selectAgent(ctx.db, ctx.actor.projectId, name)) === undefined) await ensureAgentQueue(ctx, id);
  return await ctx.db.transaction(async (tx): Promise<ImportedAgent> => {
    const agent = await selectAgent(tx, ctx.actor.projectId, name, "update");
    const { runner, secret } = resolve(ctx, file, agent);
    const limits = agent === undefined ? {} : definitionOf(agent).limits;
    const definition = changeDefinition({ capabilities: [], tools: [], runner, limits }, { ...fields, runner });
    const save = { definition, secret, contentHash, action: "agent.import" as const, fields: Object.keys(file) };
    if (agent === undefined) {
      const row = await insertDefinedAgent(ctx, tx, { id, name }, save);
      return { outcome: "created", agent: { ...presentAgent(row), ...revealSecret(ctx, secret) } };
    }
    // Whether a secret is the one that is there is not looked at; whether the file is, is.
    const hasNoNewSecret = secret.kind !== "set" || agent.content_hash?.equals(contentHash) === true;
    const isUnchanged = hasNoNewSecret && isSameDefinition(definition, definitionOf(agent));
    const row = isUnchanged ? agent : await updateDefinedAgent(ctx, tx, agent, save);
    const activity = (await readActivity(tx, [row.id])).get(row.id);
    if (isUnchanged) return { outcome: "unchanged", agent: presentAgent(row, activity) };
    return { outcome: "updated", agent: { ...presentAgent(row, activity), ...revealSecret(ctx, secret) } };
  });
}

/**
 * Registers the agent that a Markdown file describes, or gives the one of its name the file's content as a new version; a file
 * that says nothing new changes nothing. Throws MalformedError for what is not UTF-8, InvalidError `invalid_agent_file` naming
 * the line for what cannot be read, and InvalidError for a runner that cannot be.
 */
export async function importAgent(ctx: Context, content: Buffer): Promise<ImportedAgent> {
  authorise(ctx.actor, "agents:write");
  const file = parseAgentFile(decode(content));
  const contentHash = hash("sha256", content, "buffer");
  try {
    return await saveFile(ctx, file, contentHash);
  } catch (error) {
    // Somebody has registered one of the same name at the same moment: now it is there to be compared with.
    if (error instanceof ConflictError && error.code === "agent_exists") return await saveFile(ctx, file, contentHash);
    throw error;
  }
}
