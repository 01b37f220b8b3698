import { HubError } from "../../lib/errors.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { changesOf, type FieldChange, frozenField } from "./compare.ts";
import { ConfigFileError, type Fault } from "./faults.ts";
import type { HubState } from "./hub-state.ts";
import type { Fields, Kind } from "./kinds.ts";
import type { ConfigFile, Entry } from "./read-config-file.ts";
import { References } from "./references.ts";

/** One thing to do. */
export type Step =
  | {
      readonly action: "create";
      readonly kind: Kind;
      readonly entry: Entry;
      readonly body: Fields;
      readonly standIn: string;
    }
  | {
      readonly action: "update";
      readonly kind: Kind;
      readonly entry: Entry;
      readonly id: string;
      readonly changes: readonly FieldChange[];
    }
  | { readonly action: "delete"; readonly kind: Kind; readonly view: Fields };

/** What has to be done so that the hub is as the file says. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly references: References;
  /** How many things of the file's kinds the hub has that the file does not, and that stay. */
  readonly left: number;
}

interface Planned {
  readonly steps: Step[];
  readonly kept: Set<unknown>;
  readonly faults: Fault[];
}

/** What is to be called by the API, with ids instead of names; undefined, and a fault more, for a name of nothing. */
function bodyOf({ kind, fields, lineOf }: Entry, references: References, faults: Fault[]): Fields | undefined {
  const { reference, noun } = kind;
  const name = reference && fields[reference.field];
  if (reference === undefined || name === undefined) return fields;
  const { field, idField } = reference;
  const fault = (message: string): undefined =>
    void faults.push({ line: lineOf(field), message: `${noun}: ${field} ${message}` });
  if (fields[idField] !== undefined) return fault(`must not stand beside ${idField}`);
  if (typeof name !== "string") return fault("must be a name");
  const resolved = references.resolve(reference, name);
  if ("problem" in resolved) return fault(`${JSON.stringify(name)} ${resolved.problem}`);
  const { [field]: _name, ...others } = fields;
  return { ...others, [idField]: resolved.id };
}

/** Checks a body by the schema that the API has for it, and adds a fault for each field at fault. */
function isValid({ kind, lineOf }: Entry, body: Fields, faults: Fault[]): boolean {
  try {
    parseInput(kind.create, body);
    return true;
  } catch (error) {
    if (!(error instanceof HubError) || error.errors === undefined) throw error;
    const { reference, section } = kind;
    for (const { path, message } of error.errors) {
      const field = path === reference?.idField ? reference.field : path;
      faults.push({ line: lineOf(field), message: `${section}: ${field === "" ? "the entry" : field} ${message}` });
    }
    return false;
  }
}

// An endpoint that names no subscriber belongs to the default one, which there may be none of yet.
function keyOf({ section, keyOf }: Kind, body: Fields, state: HubState): string {
  if (section !== "endpoints" || body["subscriberId"] !== undefined) return keyOf(body);
  const owner = (state.get("subscribers") ?? []).find(({ isDefault }) => isDefault === true);
  return keyOf({ ...body, subscriberId: owner?.["id"] });
}

function planEntry(
  entry: Entry,
  state: HubState,
  references: References,
  planned: Planned,
  seen: Map<string, number>,
): void {
  const { kind, lineOf } = entry;
  const { faults, steps, kept } = planned;
  const body = bodyOf(entry, references, faults);
  if (body === undefined || !isValid(entry, body, faults)) return;
  const key = keyOf(kind, body, state);
  const title = `${kind.noun} ${JSON.stringify(kind.namesOf(body)[0])}`;
  const earlier = seen.get(key);
  if (earlier !== undefined) {
    faults.push({ line: lineOf(), message: `the ${title} stands in line ${earlier} already` });
    return;
  }
  seen.set(key, lineOf());
  const [view, ...others] = (state.get(kind.section) ?? []).filter((fields) => kind.keyOf(fields) === key);
  if (view === undefined) {
    steps.push({ action: "create", kind, entry, body, standIn: references.describe(kind, body, undefined) });
    return;
  }
  const ids = [view, ...others].map((fields) => String(fields["id"]));
  if (others.length > 0) {
    faults.push({
      line: lineOf(),
      message: `the ${title} is ambiguous: the hub has ${ids.join(", ")}; delete or rename all but one`,
    });
    return;
  }
  kept.add(view["id"]);
  references.describe(kind, body, ids[0]);
  const frozen = frozenField(kind, body, view);
  if (frozen !== undefined) {
    const remedy = `give the new ${kind.noun} another name, or delete the old one first`;
    faults.push({ line: lineOf(frozen), message: `${frozen} of the ${title} never changes; ${remedy}` });
    return;
  }
  const changes = changesOf(kind, body, view);
  if (changes.length > 0) steps.push({ action: "update", kind, entry, id: ids[0] as string, changes });
}

/**
 * Compares a file with a hub. With `prune`, what the hub has of the file's kinds and the file does not is to be deleted. Throws
 * ConfigFileError with the line of each entry that the API would refuse, that is there twice, or of which the hub has several.
 */
export function planChanges(file: ConfigFile, state: HubState, prune: boolean): Plan {
  const references = new References(state);
  const planned: Planned = { steps: [], kept: new Set(), faults: [] };
  for (const kind of file.kinds) {
    const seen = new Map<string, number>();
    for (const entry of file.entries) if (entry.kind === kind) planEntry(entry, state, references, planned, seen);
  }
  if (planned.faults.length > 0) throw new ConfigFileError(file.name, planned.faults);
  // What refers to others goes before them.
  const extra = file.kinds
    .toReversed()
    .flatMap((kind): Step[] =>
      (state.get(kind.section) ?? [])
        .filter((view) => !planned.kept.has(view["id"]) && view["isDefault"] !== true)
        .map((view) => ({ action: "delete", kind, view })),
    );
  return { steps: prune ? [...planned.steps, ...extra] : planned.steps, references, left: prune ? 0 : extra.length };
}
