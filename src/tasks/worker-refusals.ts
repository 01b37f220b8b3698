import { ConflictError, NotFoundError } from "../lib/errors.ts";

/** The answer to a call whose lease no longer holds. */
export function leaseLost(): ConflictError {
  return new ConflictError(
    "lease_lost",
    "The lease no longer holds: it lapsed, was given away, or the task was settled.",
  );
}

/** The answer to a call on a task that the caller's project does not have. */
export function noSuchTask(): NotFoundError {
  return new NotFoundError("There is no such task in this project.");
}
