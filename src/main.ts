#!/usr/bin/env node
import { UsageError } from "./cli/usage-error.ts";
import { HubError } from "./lib/errors.ts";

const usage = `Usage: hookyard <command>

  serve [--role web|worker|all]   run the hub until SIGTERM or SIGINT
  migrate up|down                 change the schema by hand (serve does "up" by itself)
  project create NAME             make a project and show its owner key
  help                            show this

Settings come from the environment and config/default.yaml; see README.md.
`;

type Command = (args: readonly string[]) => Promise<void>;

// Each is loaded when it is asked for: all that the hub needs takes half a second.
const commands = new Map<string, () => Promise<Command>>([
  ["serve", async () => (await import("./cli/serve.ts")).serve],
  ["migrate", async () => (await import("./cli/migrate.ts")).migrateSchema],
  ["project", async () => (await import("./cli/create-project.ts")).createProjectCommand],
]);

async function run([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === "help" || [name, ...args].some((word) => word === "--help" || word === "-h")) {
    process.stdout.write(usage);
    return;
  }
  const load = commands.get(name);
  if (load === undefined) throw new UsageError(`There is no command ${JSON.stringify(name)}.`);
  const command = await load();
  await command(args);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`hookyard: ${error.message}\n\n${usage}`);
    process.exitCode = 64;
  } else {
    // What is meant for the operator is a sentence that names the remedy; anything else is a bug and shows its stack.
    const text =
      error instanceof HubError ? `hookyard: ${error.message}` : error instanceof Error ? error.stack : error;
    process.stderr.write(`${String(text)}\n`);
    process.exitCode = 1;
  }
}
