import { createInterface } from "node:readline/promises";
import { ConflictError } from "../lib/errors.ts";
import { readHubState } from "./config-file/hub-state.ts";
import { clientFor, fileOf, parseOptions } from "./config-file/options.ts";
import { planChanges } from "./config-file/plan.ts";
import { readConfigFile } from "./config-file/read-config-file.ts";
import { runPlan } from "./config-file/run-plan.ts";
import { showPlan } from "./config-file/show-plan.ts";

// Only a person can be asked, and a pipe is none: what nobody has agreed to is not done.
async function askToGoOn(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new ConflictError("not_confirmed", "Nothing was changed: say --yes to have it done without being asked");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question("Do this? [y/N] ")).trim());
  } finally {
    terminal.close();
  }
}

/** `hookyard apply -f FILE [--yes] [--prune]`: shows what differs between the file and the hub, and makes the hub as the file says. */
export async function applyConfig(args: readonly string[]): Promise<void> {
  const options = parseOptions(args, {
    file: { type: "string", short: "f" },
    yes: { type: "boolean", default: false },
    prune: { type: "boolean", default: false },
  });
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  const file = readConfigFile(fileOf("apply", options), process.env);
  const client = clientFor(options, process.env);
  const plan = planChanges(file, await readHubState(client), options.prune);
  tell(showPlan(plan, file));
  if (plan.steps.length === 0) return;
  if (!options.yes && !(await askToGoOn())) {
    tell("Nothing was changed.");
    return;
  }
  await runPlan(client, plan, file, tell);
}
