import { InvalidError } from "../../lib/errors.ts";

/** The refusal of an agent's file: what is wrong, and in which of its lines (from 1). */
export function agentFileError(line: number, field: string, message: string): InvalidError {
  const located = `line ${line}: ${message}`;
  return new InvalidError(
    `The agent's file is not valid: ${located}`,
    [{ path: field, message: located }],
    "invalid_agent_file",
  );
}
