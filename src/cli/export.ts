import { readHubState } from "./config-file/hub-state.ts";
import { clientFor, parseOptions } from "./config-file/options.ts";
import { writeConfig } from "./config-file/write-config.ts";

/** `hookyard export`: writes the hub's configuration as a file for `apply` to standard output. */
export async function exportConfig(args: readonly string[]): Promise<void> {
  const client = clientFor(parseOptions(args, {}), process.env);
  process.stdout.write(writeConfig(await readHubState(client), client.url));
}
