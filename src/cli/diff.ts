import { readHubState } from "./config-file/hub-state.ts";
import { clientFor, fileOf, parseOptions } from "./config-file/options.ts";
import { planChanges } from "./config-file/plan.ts";
import { readConfigFile } from "./config-file/read-config-file.ts";
import { showPlan } from "./config-file/show-plan.ts";

const exitCodeOfChanges = 2;

/** `hookyard diff -f FILE [--prune]`: says what `apply` would do. The exit code is 0 when that is nothing, else 2. */
export async function diffConfig(args: readonly string[]): Promise<void> {
  const options = parseOptions(args, {
    file: { type: "string", short: "f" },
    prune: { type: "boolean", default: false },
  });
  const file = readConfigFile(fileOf("diff", options), process.env);
  const state = await readHubState(clientFor(options, process.env));
  const plan = planChanges(file, state, options.prune);
  process.stdout.write(`${showPlan(plan, file)}\n`);
  if (plan.steps.length > 0) process.exitCode = exitCodeOfChanges;
}
