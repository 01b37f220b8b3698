import { HubError } from "../../lib/errors.ts";

/** What is wrong in a file. */
export interface Fault {
  /** Counted from 1; undefined: the file as a whole. */
  readonly line: number | undefined;
  readonly message: string;
}

const maxShown = 20;

/** A configuration file that cannot be applied: a line for each fault, as compilers write them. */
export class ConfigFileError extends HubError {
  readonly code = "invalid_config_file";
  readonly status = 422;

  constructor(file: string, faults: readonly Fault[]) {
    const shown = faults
      .toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0))
      .slice(0, maxShown)
      .map(({ line, message }) => `${file}${line === undefined ? "" : `:${line}`}: ${message}`);
    const more = faults.length > maxShown ? [`… and ${faults.length - maxShown} more`] : [];
    super([...shown, ...more].join("\n"));
  }
}
