/** A command line that says nothing the program knows: its usage is shown, and the exit code is 64 (sysexits' EX_USAGE). */
export class UsageError extends Error {}
