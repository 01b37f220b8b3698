import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ApiClient, openApiClient } from "./api-client.ts";
import { UsageError } from "./usage-error.ts";

const usage = "Say `hookyard agents import DIR`, with a directory of Markdown files, or one file.";

// What stands beside agents in a repository and describes none.
const notAgents = /^(readme|license|changelog|contributing|claude|agents)\.md$/i;

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`There is no ${path}.`);
  if (found.isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md") && !notAgents.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function importFile(call: ApiClient, file: string): Promise<boolean> {
  const content = await readFile(file);
  const { status, body } = await call("POST", "/api/v1/agents/import", Buffer.from(content), "text/markdown");
  const answer = (body ?? {}) as { name?: string; outcome?: string; version?: number; detail?: string };
  if (status >= 300) {
    process.stderr.write(`${file}: ${answer.detail ?? `the hub answered ${status}`}\n`);
    return false;
  }
  process.stdout.write(`${file}: ${answer.name} ${answer.outcome} (version ${answer.version})\n`);
  return true;
}

/**
 * `hookyard agents import DIR`: registers the agents that the Markdown files of a directory, and of those in it, describe.
 * One line for each; files that are refused are named on standard error, and the exit code is 1.
 */
export async function agentsCommand([verb, path, ...rest]: readonly string[]): Promise<void> {
  if (verb !== "import" || path === undefined || rest.length > 0) throw new UsageError(usage);
  const call = openApiClient(process.env);
  const files = await filesOf(path);
  if (files.length === 0) throw new UsageError(`There is no Markdown file of an agent in ${path}.`);
  let refused = 0;
  for (const file of files) if (!(await importFile(call, file))) refused += 1;
  if (refused > 0) {
    process.stderr.write(`${refused} of ${files.length} files were refused\n`);
    process.exitCode = 1;
  }
}
