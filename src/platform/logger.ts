import { type DestinationStream, type Logger as PinoLogger, pino } from "pino";

/** The hub's logger: one JSON line per unit of work. No children: pino does not filter what they are bound to. */
export type Logger = Pick<PinoLogger, "debug" | "info" | "warn" | "error">;

// What a line may carry. A field that is not named here is dropped, so that a secret, a signature or a payload cannot
// reach the log by way of a spread object: adding a field is a decision made here.
const loggable = new Set([
  "unit",
  "requestId",
  "method",
  "path",
  "status",
  "code",
  "durationMs",
  "bytes",
  "projectId",
  "actor",
  "sourceId",
  "provider",
  "eventId",
  "eventType",
  "deliveryId",
  "duplicate",
  "reason",
  "tasks",
  "events",
  "routeId",
  "agentId",
  "agent",
  "taskId",
  "attempt",
  "state",
  "outcome",
  "workerId",
  "messageId",
  "messageType",
  "endpointId",
  "deliveries",
  "host",
  "port",
  "url",
  "queue",
  "count",
  "role",
  "dataDir",
  "requestedDir",
  "binariesDir",
  "pid",
  "adopted",
  "signal",
  "migrations",
  "version",
  "err",
]);

function allowed(line: object): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(line)) if (loggable.has(field)) kept[field] = value;
  return kept;
}

// An error can be its own cause.
const maxCauses = 5;

// Only these of an error: a Postgres error's `detail` quotes the row, and a request error may hold its headers.
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? error.code : undefined;
  const hasCause = error.cause !== undefined && depth < maxCauses;
  const cause: unknown = hasCause ? describeError(error.cause, depth + 1) : undefined;
  return { type: error.name, message: error.message, code, stack: error.stack, cause };
}

/** Makes a logger that writes to `destination` (standard output when absent) and drops fields off the allow-list. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }), log: allowed },
    serializers: { err: (error: unknown) => describeError(error) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
