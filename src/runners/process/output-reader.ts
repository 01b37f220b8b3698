import { isNestedDeeperThan } from "../../lib/json-depth.ts";
import type { RunReport } from "../task-run.ts";
import type { OutputAdapter, OutputNews } from "./output-adapter.ts";

// What an answer without a result line may be long, and what of the last words on stderr helps to see what went wrong.
const keptText = 65_536;
const keptErrors = 8_192;
const maxDepth = 100;

function parseLine(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith("{") || isNestedDeeperThan(text, maxDepth)) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** What a command has said so far: its result, what it cost, and what went wrong. */
export class OutputReader {
  readonly #adapter: OutputAdapter;
  readonly #report: RunReport;
  readonly #record: (type: string, data: unknown) => void;
  #text = "";
  #errors = Buffer.alloc(0);
  #usage: Readonly<Record<string, number>> = {};
  result: { readonly value: unknown } | undefined;
  error: NonNullable<OutputNews["error"]> | undefined;
  question: OutputNews["question"];
  sessionId: string | undefined;

  constructor(adapter: OutputAdapter, report: RunReport, record: (type: string, data: unknown) => void) {
    this.#adapter = adapter;
    this.#report = report;
    this.#record = record;
  }

  get usage(): Readonly<Record<string, number>> {
    return this.#usage;
  }

  /** The lines that were no JSON, the last 64 K characters of them. */
  get text(): string {
    return this.#text;
  }

  /** The last words on standard error. */
  get errorText(): string {
    return this.#errors.toString("utf8").trim();
  }

  readLine(text: string): void {
    const line = parseLine(text);
    if (line === undefined) {
      this.#text = `${this.#text}${this.#text === "" ? "" : "\n"}${text}`.slice(-keptText);
      this.#tell("output", { text: text.slice(0, 4_000) });
      return;
    }
    const news = this.#adapter.read(line);
    if (news.artifact === undefined) this.#tell(news.type, line);
    else {
      // Its content is stored; a second time among the events it would only be in the way.
      this.#tell(news.type, { name: line["name"] });
      this.#report.artifact(news.artifact);
    }
    if (news.progress !== undefined) this.#report.progress(news.progress);
    if (news.usage !== undefined) this.#addUsage(news.usage, news.addsUsage === true);
    if (news.sessionId !== undefined) this.sessionId = news.sessionId.slice(0, 200);
    if (news.question !== undefined) this.question = news.question;
    if (news.error !== undefined) {
      this.error = news.error;
    } else if (news.result !== undefined) {
      this.result = news.result;
      this.question = undefined;
      this.error = undefined;
    }
  }

  skipLine(): void {
    this.#tell("line_too_long", undefined);
  }

  readErrors(chunk: Buffer): void {
    const all = Buffer.concat([this.#errors, chunk.subarray(-keptErrors)]);
    this.#errors = all.length > keptErrors ? all.subarray(-keptErrors) : all;
  }

  #tell(type: string, data: unknown): void {
    this.#report.event(type, data);
    this.#record(type, data);
  }

  #addUsage(usage: Readonly<Record<string, number>>, adds: boolean): void {
    const before = this.#usage;
    const summed = Object.entries(usage).map(([name, amount]) => [name, adds ? (before[name] ?? 0) + amount : amount]);
    this.#usage = { ...before, ...(Object.fromEntries(summed) as Record<string, number>) };
    this.#report.usage(this.#usage);
  }
}
