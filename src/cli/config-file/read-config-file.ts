import { readFileSync } from "node:fs";
import { isCollection, isNode, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { type Fields, type Kind, kinds, sections } from "./kinds.ts";
import { substituteVariables } from "./environment.ts";
import { ConfigFileError, type Fault } from "./faults.ts";

/** One thing that a file describes. */
export interface Entry {
  readonly kind: Kind;
  /** With the environment's values in place of their names. */
  readonly fields: Fields;
  /** As it is written. */
  readonly written: Fields;
  /** The line of a field, or of the nearest thing around it; `path` as in FieldError. */
  readonly lineOf: (path?: string) => number;
}

/** A file that has been read. */
export interface ConfigFile {
  readonly name: string;
  /** The kinds that it speaks of: of the others it says nothing, not even that there are none. */
  readonly kinds: readonly Kind[];
  readonly entries: readonly Entry[];
  /** Values of the environment that it uses, which are never to be shown. */
  readonly hidden: ReadonlyMap<string, string>;
}

type Environment = Readonly<Record<string, string | undefined>>;

function readText(name: string): string {
  try {
    return readFileSync(name === "-" ? 0 : name, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigFileError(name, [{ line: undefined, message: `cannot be read: ${reason}` }]);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueOf(name: string, document: Document.Parsed): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // An alias of nothing, or so many that they would fill the memory.
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigFileError(name, [{ line: undefined, message }]);
  }
}

/** Finds the lines of nodes by their path. */
class Lines {
  readonly #document: Document.Parsed;
  readonly #counter: LineCounter;

  constructor(document: Document.Parsed, counter: LineCounter) {
    this.#document = document;
    this.#counter = counter;
  }

  at(path: readonly (string | number)[]): number {
    let node: Node | null = this.#document.contents;
    for (const part of path) {
      if (!isCollection(node)) break;
      const next: unknown = node.get(typeof part === "string" && /^\d+$/.test(part) ? Number(part) : part, true);
      if (!isNode(next)) break;
      node = next;
    }
    return this.#counter.linePos(node?.range?.[0] ?? 0).line;
  }
}

/**
 * Reads a configuration file (`-`: standard input). Throws ConfigFileError with the line of each fault: YAML that is none, a section
 * that there is not, an entry that is no object, a variable that the environment lacks.
 */
export function readConfigFile(name: string, environment: Environment): ConfigFile {
  const counter = new LineCounter();
  const document = parseDocument(readText(name), { lineCounter: counter, prettyErrors: false });
  const faults: Fault[] = document.errors.map(({ message, pos }) => ({ line: counter.linePos(pos[0]).line, message }));
  if (faults.length > 0) throw new ConfigFileError(name, faults);
  const lines = new Lines(document, counter);
  const root = valueOf(name, document) ?? {};
  if (!isFields(root))
    throw new ConfigFileError(name, [{ line: 1, message: `must be an object with ${sections.join(", ")}` }]);

  for (const section of Object.keys(root))
    if (!sections.some((known) => known === section))
      faults.push({
        line: lines.at([section]),
        message: `there is no section ${section}, only ${sections.join(", ")}`,
      });
  const hidden = new Map<string, string>();
  const named = kinds.filter(({ section }) => Object.hasOwn(root, section));
  const entries = named.flatMap((kind): Entry[] => {
    const { section } = kind;
    const list: unknown = root[section] ?? [];
    if (!Array.isArray(list)) {
      faults.push({ line: lines.at([section]), message: `${section} must be a list` });
      return [];
    }
    return list.flatMap((written: unknown, index): Entry[] => {
      const lineOf = (path = ""): number => lines.at([section, index, ...path.split(".")]);
      if (!isFields(written)) {
        faults.push({ line: lineOf(), message: `each of ${section} must be an object` });
        return [];
      }
      const missing = (path: string, message: string): void =>
        void faults.push({ line: lineOf(path), message: `${section}.${index}.${path} ${message}` });
      return [{ kind, written, fields: substituteVariables(kind, written, { environment, hidden, missing }), lineOf }];
    });
  });
  if (faults.length > 0) throw new ConfigFileError(name, faults);
  return { name: name === "-" ? "standard input" : name, kinds: named, entries, hidden };
}
