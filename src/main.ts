#!/usr/bin/env node
import { UsageError } from "./cli/usage-error.ts";
import { HubError } from "./lib/errors.ts";

const usage = `Usage: hookyard <command>

  serve [--role web|worker|all]   run the hub until SIGTERM or SIGINT
  migrate up|down                 change the schema by hand (serve does "up" by itself)
  project create NAME             make a project and show its owner key
  agents import DIR               register the agents that Markdown files describe, with a running hub
                                  (HOOKYARD_URL, HOOKYARD_API_KEY)
  diff -f FILE [--prune]          say how a running hub differs from a configuration file (exit code 2 if it does)
  apply -f FILE [--prune] [--yes] make it as the file says; shows first what it will do
  export                          write its configuration as such a file
                                  (these three: --url and --key, or HOOKYARD_URL and HOOKYARD_API_KEY)
  help                            show this

Settings come from the environment and config/default.yaml; see README.md.
`;

type Command = (args: readonly string[]) => Promise<void>;

// Each is loaded when it is asked for: all that the hub needs takes half a second.
const commands = new Map<string, () => Promise<Command>>([
  ["serve", async () => (await import("./cli/serve.ts")).serve],
  ["migrate", async () => (await import("./cli/migrate.ts")).migrateSchema],
  ["agents", async () => (await import("./cli/agents-import.ts")).agentsCommand],
  ["diff", async () => (await import("./cli/diff.ts")).diffConfig],
  ["apply", async () => (await import("./cli/apply.ts")).applyConfig],
  ["export", async () => (await import("./cli/export.ts")).exportConfig],
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
