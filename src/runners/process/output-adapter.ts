import type { Question } from "../../tasks/ask-for-input.ts";

/** What one line of output says. */
export interface OutputNews {
  /** What kind of line it is, for the task's events. */
  readonly type: string;
  readonly progress?: unknown;
  /** What it has cost; added to what earlier lines said where `addsUsage`, else instead of it. */
  readonly usage?: Readonly<Record<string, number>>;
  readonly addsUsage?: boolean;
  /** The result, so far: a later one replaces it. */
  readonly result?: { readonly value: unknown };
  /** Nothing but the exit code can make a success of it any more, unless a result follows. */
  readonly error?: { readonly code: string; readonly message: string; readonly retryable: boolean };
  /** An output besides the result. */
  readonly artifact?: unknown;
  /** What it needs to hear from a person, once it has ended. */
  readonly question?: Question;
  /** The command's own id of its session, with which it can be resumed. */
  readonly sessionId?: string;
}

/** How to read the lines that a command writes. Pure: a line in, its news out. */
export interface OutputAdapter {
  /** What such a command reads on its standard input, unless the settings say otherwise. */
  readonly stdin: "json" | "text";
  /** Whether an exit code 0 without a result is a success, whose result is the text of the output. */
  readonly textIsResult: boolean;
  read(line: Readonly<Record<string, unknown>>): OutputNews;
}

/** A field that is an object; an empty one when it is anything else. */
export function objectIn(line: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const value = line[key];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** A field that is a text and not empty. */
export function textIn(line: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = line[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A field that is a count or an amount: finite and not negative. */
export function amountIn(line: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = line[key];
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The amounts among these, by name. */
export function usageOf(amounts: Readonly<Record<string, number | undefined>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(amounts).flatMap(([name, amount]) => (amount === undefined ? [] : [[name, amount]])),
  );
}
