import { isMap, isScalar, LineCounter, parseDocument, type YAMLError } from "yaml";
import { agentFileError } from "./agent-file-error.ts";
import { firstFrontMatterLine } from "./split-agent-file.ts";

/** A field of the front matter and the line of the file that it begins in. */
export interface FrontMatterField {
  readonly value: unknown;
  readonly line: number;
}

export type FrontMatter = ReadonlyMap<string, FrontMatterField>;

/** A field as it stands in the file. */
interface Entry {
  readonly key: string;
  readonly line: number;
  readonly lines: string[];
}

// Deeper than anything that people write, and well below where parsers overflow the stack.
const maxDepth = 50;
const maxBrackets = 10_000;

interface Parsed {
  readonly fields: FrontMatter;
  readonly problem: { readonly line: number; readonly message: string } | undefined;
}

function messageOf(error: YAMLError): string {
  const [first = "is not YAML"] = error.message.split("\n");
  return first.replace(/ at line \d+, column \d+:?$/, "");
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === "[" || character === "{") deepest = Math.max(deepest, (depth += 1));
    else if (character === "]" || character === "}") depth = Math.max(0, depth - 1);
  }
  return deepest;
}

function parseStrictly(text: string, firstLine: number): Parsed {
  const none: FrontMatter = new Map();
  const lineCounter = new LineCounter();
  const lineAt = (offset: number): number => firstLine + lineCounter.linePos(offset).line - 1;
  try {
    const document = parseDocument(text, { lineCounter, schema: "core", uniqueKeys: true, logLevel: "silent" });
    const [error] = document.errors;
    if (error !== undefined)
      return { fields: none, problem: { line: lineAt(error.pos[0]), message: messageOf(error) } };
    const root = document.contents;
    if (root === null) return { fields: none, problem: undefined };
    if (!isMap(root)) return { fields: none, problem: { line: firstLine, message: "must be fields like name: …" } };
    const fields = new Map<string, FrontMatterField>();
    for (const pair of root.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : "";
      const offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
      // At most as many aliases as a person would write: each may stand for all that came before it.
      const value = document.createNode(pair.value).toJS(document, { maxAliasCount: 50 }) as unknown;
      fields.set(key, { value, line: lineAt(offset) });
    }
    return { fields, problem: undefined };
  } catch (error) {
    const message = error instanceof Error && !(error instanceof RangeError) ? error.message : "is nested too deeply";
    return { fields: none, problem: { line: firstLine, message: message.split("\n")[0] ?? "is not YAML" } };
  }
}

// What the files of agents say. Any other word in this form begins a field as well, unless it is one of those that an
// example's dialogue begins its lines with.
const entryForm = /^([A-Za-z_][\w-]{0,99}):(?:[ \t]+(.*))?$/;
const dialogue = /^(context|user|assistant|commentary|example|examples|human|note)$/i;

function splitEntries(text: string, firstLine: number): Entry[] {
  const entries: Entry[] = [];
  let openExamples = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const key = openExamples > 0 ? undefined : entryForm.exec(line)?.[1];
    if (key !== undefined && (entries.length === 0 || !dialogue.test(key)))
      entries.push({ key, line: firstLine + index, lines: [line] });
    else entries.at(-1)?.lines.push(line);
    openExamples += line.split("<example>").length - line.split("</example>").length;
    openExamples = Math.max(0, openExamples);
  }
  return entries;
}

// A value that begins so is meant as YAML, and what is wrong with it is a mistake and no text. A description may well begin
// with a bracket.
const structured = /^[[{|>"'&!]/;
const quotedOrBlock = /^[|>"']/;

/** The text of an entry that is no YAML, as it stands; undefined when it was meant to be YAML. */
function plainText({ key, lines }: Entry): string | undefined {
  const [first = "", ...rest] = lines;
  const begin = first.slice(key.length + 1).trim();
  const text = [begin, ...rest.map((line) => line.trimEnd())].join("\n").trim();
  if (key === "description") return text === "" || quotedOrBlock.test(begin) ? undefined : text;
  return begin === "" || structured.test(begin) ? undefined : text;
}

function readTolerantly(text: string, strict: NonNullable<Parsed["problem"]>): FrontMatter {
  const fields = new Map<string, FrontMatterField>();
  for (const entry of splitEntries(text, firstFrontMatterLine)) {
    const { key, line } = entry;
    if (fields.has(key)) throw agentFileError(line, key, "is there twice");
    const parsed = parseStrictly(entry.lines.join("\n"), line);
    if (parsed.problem === undefined) {
      for (const [name, field] of parsed.fields) fields.set(name, field);
      continue;
    }
    const value = plainText(entry);
    if (value === undefined) throw agentFileError(parsed.problem.line, key, parsed.problem.message);
    fields.set(key, { value, line });
  }
  if (fields.size === 0) throw agentFileError(strict.line, "frontMatter", strict.message);
  return fields;
}

// `color: #ff8800` is a comment to YAML, and a color to whoever wrote it.
function withHexColor(fields: FrontMatter, text: string): FrontMatter {
  const field = fields.get("color");
  if (field === undefined || field.value !== null) return fields;
  const hex = /^color:[ \t]+(#[0-9a-fA-F]{3,8})[ \t]*$/m.exec(text)?.[1];
  return hex === undefined ? fields : new Map([...fields, ["color", { ...field, value: hex }]]);
}

/**
 * The fields of front matter: as YAML 1.2, and where that fails line by line, since the files of coding agents have
 * unquoted descriptions with colons, quotes and `<example>` blocks. Throws InvalidError naming the line of what is neither.
 */
export function readFrontMatter(text: string): FrontMatter {
  if (depthOf(text) > maxDepth || text.split(/[[{]/).length > maxBrackets)
    throw agentFileError(firstFrontMatterLine, "frontMatter", "is nested too deeply");
  const { fields, problem } = parseStrictly(text, firstFrontMatterLine);
  return withHexColor(problem === undefined ? fields : readTolerantly(text, problem), text);
}
