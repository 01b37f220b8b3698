import type { z } from "zod";
import { InvalidError } from "../../lib/errors.ts";
import { jsonObjectSchema } from "../../lib/json-object-schema.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { newAgent } from "../create-agent.ts";
import { agentFileError } from "./agent-file-error.ts";
import { type FrontMatter, readFrontMatter } from "./read-front-matter.ts";
import { firstFrontMatterLine, splitAgentFile } from "./split-agent-file.ts";

/** What an agent's file says: all of an agent, but that it may leave open how it is reached and what its limits are. */
const agentFile = newAgent.extend({ runner: newAgent.shape.runner.exactOptional() });

export type AgentFile = z.infer<typeof agentFile>;

const known: ReadonlySet<string> = new Set(Object.keys(newAgent.shape));
const lists: ReadonlySet<string> = new Set(["tools", "capabilities", "skills", "mcpServers"]);
const texts: ReadonlySet<string> = new Set([
  "name",
  "description",
  "team",
  "model",
  "type",
  "role",
  "color",
  "permissionMode",
]);
// Other spellings that files have.
const aliases: Readonly<Record<string, string>> = {
  mcp_servers: "mcpServers",
  max_turns: "maxTurns",
  permission_mode: "permissionMode",
  "allowed-tools": "tools",
};

// At commas, but for those within parentheses: `Bash(git add:*, git commit:*), Read`.
function splitWords(text: string): string[] {
  const words = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth += 1;
    else if (character === ")") depth = Math.max(0, depth - 1);
    if ((character === "," || character === "\n") && depth === 0) words.push("");
    else words[words.length - 1] += character;
  }
  return words.map((word) => word.trim()).filter((word) => word !== "");
}

// `- Design: of APIs` is an object to YAML, and a line of text to whoever wrote it.
function wordOf(item: unknown): unknown {
  if (typeof item === "number" || typeof item === "boolean") return String(item);
  if (typeof item !== "object" || item === null) return item;
  const entries = Object.entries(item);
  const [[key, value] = ["", undefined]] = entries;
  return entries.length === 1 && (typeof value === "string" || typeof value === "number") ? `${key}: ${value}` : item;
}

function listOf(key: string, value: unknown): unknown {
  if (typeof value === "string") return splitWords(value);
  return Array.isArray(value) && key !== "mcpServers" ? value.map(wordOf) : value;
}

// Numbers and booleans that stand where a text is meant: `name: 007`, `model: 4`.
function textOf(key: string, value: unknown): unknown {
  const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  if (typeof text !== "string") return text;
  // Coding agents write their descriptions in one line, with \n for its ends.
  return key === "description" ? text.replaceAll("\\n", "\n").trim() : text.trim();
}

function valueOf(key: string, value: unknown): unknown {
  if (lists.has(key)) return listOf(key, value);
  if (texts.has(key)) return textOf(key, value);
  if (key === "maxTurns" && typeof value === "string" && /^\d{1,9}$/.test(value)) return Number(value);
  return value;
}

function agentOf(fields: FrontMatter, body: string): Record<string, unknown> {
  const agent: Record<string, unknown> = {};
  const metadata: [string, unknown][] = [];
  for (const [name, { value }] of fields) {
    const key = aliases[name] ?? name;
    if (value === null) continue;
    if (key === "metadata" && jsonObjectSchema.safeParse(value).success)
      metadata.push(...Object.entries(value as object));
    else if (key !== "metadata" && key !== "instructions" && known.has(key)) agent[key] = valueOf(key, value);
    else metadata.push([name, value]);
  }
  if (body !== "") agent["instructions"] = body;
  if (metadata.length > 0) agent["metadata"] = Object.fromEntries(metadata);
  return agent;
}

function lineOf(fields: FrontMatter, path: string): number {
  const [field = ""] = path.split(".");
  const name = Object.keys(aliases).find((alias) => aliases[alias] === field && fields.has(alias)) ?? field;
  return fields.get(name)?.line ?? firstFrontMatterLine - 1;
}

/**
 * Reads a Markdown file with YAML front matter, as coding agents have them: names with spaces, tools as a list or as words
 * with commas, descriptions with examples. The text below is the instructions; what the hub does not know is metadata.
 * Throws InvalidError `invalid_agent_file`, whose message names the line, for what cannot be read.
 */
export function parseAgentFile(text: string): AgentFile {
  const { frontMatter, body } = splitAgentFile(text);
  const fields = readFrontMatter(frontMatter);
  if (!fields.has("name")) throw agentFileError(1, "name", "the front matter has no name");
  try {
    return parseInput(agentFile, agentOf(fields, body));
  } catch (error) {
    const [first] = error instanceof InvalidError ? (error.errors ?? []) : [];
    if (first === undefined) throw error;
    throw agentFileError(lineOf(fields, first.path), first.path, `${first.path} ${first.message}`);
  }
}
