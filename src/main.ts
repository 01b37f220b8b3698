#!/usr/bin/env node
import { createProjectCommand } from "./cli/create-project.ts";
import { migrateSchema } from "./cli/migrate.ts";
import { serve } from "./cli/serve.ts";
import { HubError } from "./lib/errors.ts";

const usage = `Usage: hookyard <command>

  serve [--role web|worker|all]   run the hub until SIGTERM or SIGINT
  migrate up|down                 change the schema by hand (serve does "up" by itself)
  project create NAME             make a project and show its owner key

Settings come from the environment and config/default.yaml; see README.md.
`;

const commands = new Map<string, (args: readonly string[]) => Promise<void>>([
  ["serve", serve],
  ["migrate", migrateSchema],
  ["project", createProjectCommand],
]);

const [name = "", ...args] = process.argv.slice(2);
const command = commands.get(name);
if (command === undefined) {
  const asked = name === "" || name === "help" || name === "--help";
  (asked ? process.stdout : process.stderr).write(usage);
  process.exitCode = asked ? 0 : 64;
} else {
  try {
    await command(args);
  } catch (error) {
    // What is meant for the operator is a sentence that names the remedy; anything else is a bug and shows its stack.
    const text =
      error instanceof HubError ? `hookyard: ${error.message}` : error instanceof Error ? error.stack : error;
    process.stderr.write(`${String(text)}\n`);
    process.exitCode = 1;
  }
}
