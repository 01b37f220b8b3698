import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "../usage-error.ts";
import { HubClient } from "./hub-client.ts";

const defaultUrl = "http://127.0.0.1:3000";

const hubOptions = { url: { type: "string" }, key: { type: "string" } } as const;

/** Parses arguments. Throws UsageError for those that the command does not know. */
export function parseOptions<Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options: { ...options, ...hubOptions } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The client of the hub that the options or the environment name. Throws UsageError without a key. */
export function clientFor(
  options: { readonly url?: string | undefined; readonly key?: string | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): HubClient {
  const url = options.url ?? environment["HOOKYARD_URL"];
  return new HubClient(
    url === undefined || url === "" ? defaultUrl : url,
    options.key ?? environment["HOOKYARD_API_KEY"],
  );
}

/** The file that a command is to read. Throws UsageError when none is named. */
export function fileOf(command: string, { file }: { readonly file?: string | undefined }): string {
  if (file === undefined) throw new UsageError(`Say \`hookyard ${command} -f FILE\`.`);
  return file;
}
