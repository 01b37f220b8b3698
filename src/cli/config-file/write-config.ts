import { stringify } from "yaml";
import { ConflictError } from "../../lib/errors.ts";
import { escapeVariables } from "./environment.ts";
import type { HubState } from "./hub-state.ts";
import { type Fields, type Kind, kinds } from "./kinds.ts";

function variableName(...words: readonly string[]): string {
  return words
    .join("_")
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
}

// What is as it would be without being said is left out.
function isDefault({ defaults }: Kind, field: string, value: unknown): boolean {
  if (value === undefined || (field === "enabled" && value === true) || (field === "disabled" && value === false))
    return true;
  if (defaults !== undefined && Object.hasOwn(defaults, field)) return defaults[field] === value;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Makes the entries of one kind. */
class KindExport {
  readonly #kind: Kind;
  readonly #state: HubState;
  readonly #variables: Set<string>;

  constructor(kind: Kind, state: HubState, variables: Set<string>) {
    this.#kind = kind;
    this.#state = state;
    this.#variables = variables;
  }

  entries(): readonly Fields[] {
    const views = (this.#state.get(this.#kind.section) ?? []).filter(({ isDefault }) => isDefault !== true);
    const { keyOf, noun } = this.#kind;
    for (const [key, same] of Map.groupBy(views, keyOf))
      if (same.length > 1) {
        const ids = same.map(({ id }) => String(id)).join(", ");
        throw new ConflictError(
          "ambiguous_name",
          `Several ${noun}s are ${JSON.stringify(key)} (${ids}); rename all but one`,
        );
      }
    return views.map((view) => this.#entryOf(view));
  }

  #entryOf(view: Fields): Fields {
    const { create, reference, exportedSecrets, namesOf, noun } = this.#kind;
    const secrets = exportedSecrets?.(view, (what) => this.#variable(noun, namesOf(view)[0] ?? "", what)) ?? {};
    const entry: Record<string, unknown> = {};
    for (const field of Object.keys(create.shape)) {
      const value = Object.hasOwn(secrets, field) ? secrets[field] : this.#asWritten(field, view[field]);
      if (field === reference?.idField && typeof value === "string") Object.assign(entry, this.#referenceTo(value));
      else if (Object.hasOwn(secrets, field) || !isDefault(this.#kind, field, value)) entry[field] = value;
    }
    return entry;
  }

  #asWritten(field: string, value: unknown): unknown {
    return this.#kind.environmentFields.includes(field) ? escapeVariables(value) : value;
  }

  #referenceTo(id: string): Fields {
    const { reference } = this.#kind;
    if (reference === undefined) return {};
    const kind = kinds.find(({ section }) => section === reference.section);
    const view = this.#state.get(reference.section)?.find((fields) => fields["id"] === id);
    if (view?.["isDefault"] === true) return {};
    const name = view && kind?.namesOf(view)[0];
    return name === undefined ? { [reference.idField]: id } : { [reference.field]: name };
  }

  #variable(...words: readonly string[]): string {
    const wanted = variableName(...words);
    let name = wanted;
    for (let count = 2; this.#variables.has(name); count += 1) name = `${wanted}_${count}`;
    this.#variables.add(name);
    return `\${${name}}`;
  }
}

/** A hub's configuration as a file. Throws ConflictError `ambiguous_name` when two things could not be told apart in it. */
export function writeConfig(state: HubState, url: string): string {
  const variables = new Set<string>();
  const parts = kinds.flatMap((kind) => {
    const entries = new KindExport(kind, state, variables).entries();
    return entries.length === 0 ? [] : [stringify({ [kind.section]: entries }, { lineWidth: 120 })];
  });
  const needed = [...variables].map((name) => `#   ${name}\n`).join("");
  const head = `# The configuration of ${url}.\n`;
  const secrets = needed === "" ? "" : `# A hub never shows its secrets. To apply this elsewhere, set:\n${needed}`;
  return [head + secrets, ...parts].join("\n");
}
