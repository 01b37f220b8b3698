import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** A number that a bench is to reach. */
export interface Goal {
  readonly name: string;
  readonly value: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What a bench measured. */
export interface Report {
  readonly name: string;
  /** How it was measured, in a line. */
  readonly method: string;
  /** Absent: no database takes part. */
  readonly postgresVersion?: string;
  readonly rows: readonly Readonly<Record<string, string | number | undefined>>[];
  readonly goals: readonly Goal[];
  /** What else was seen, for the JSON. */
  readonly detail?: object;
}

const [loadAverageBefore = 0] = loadavg();
const resultsDirectory = fileURLToPath(new URL("../results/", import.meta.url));

/** A quantity to three figures, or whole when it is large. */
function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return "–";
  return typeof value === "number" ? String(round(value)) : value;
}

function table(rows: Report["rows"]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [names, ...rows.map((row) => names.map((name) => cell(row[name])))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))),
    )
    .map((line) => `  ${line.join("   ")}`)
    .join("\n");
}

function isMet({ value, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Goal): boolean {
  return value >= atLeast && value <= atMost;
}

function describeGoal(goal: Goal): string {
  const bound = goal.atLeast === undefined ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`;
  return `  ${isMet(goal) ? "met   " : "MISSED"}  ${goal.name}: ${round(goal.value)} (goal ${bound})`;
}

/** Prints a report and writes it to bench/results/<name>.json. A missed goal is said, and is no error. */
export async function publishReport(report: Report): Promise<void> {
  const cores = availableParallelism();
  const { postgresVersion } = report;
  const postgres = postgresVersion === undefined ? "" : `, Postgres ${postgresVersion}, fsync on`;
  const machine = {
    cores,
    cpu: cpus()[0]?.model ?? "unknown",
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    node: process.version,
    ...(postgresVersion === undefined ? {} : { postgres: postgresVersion }),
    // High before a bench has begun: somebody else is busy here, and the numbers are worth little.
    loadAverageBefore,
    note:
      postgresVersion === undefined
        ? "one process, nothing else"
        : "the load generator, Postgres and the program under test share the cores",
  };
  process.stdout.write(
    [
      `\nbench:${report.name}: ${report.method}`,
      `${cores} cores (${machine.cpu}), Node ${machine.node}${postgres}; load average before it began ${round(loadAverageBefore)};`,
      `${machine.note}: read the ratios, not the numbers.\n`,
      `${table(report.rows)}\n`,
      `${report.goals.map(describeGoal).join("\n")}\n\n`,
    ].join("\n"),
  );
  const goals = report.goals.map((goal) => ({ ...goal, met: isMet(goal) }));
  await mkdir(resultsDirectory, { recursive: true });
  await writeFile(
    `${resultsDirectory}${report.name}.json`,
    `${JSON.stringify({ at: new Date().toISOString(), machine, ...report, goals }, undefined, 2)}\n`,
  );
}
