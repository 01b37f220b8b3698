import { toWireId } from "../../lib/ids.ts";
import type { HubState } from "./hub-state.ts";
import { type Fields, type Kind, kinds, type Reference, type Section } from "./kinds.ts";

/** What a reference leads to: the id of what there is, or a stand-in for what the file is about to make. */
export type Resolved = { readonly id: string } | { readonly problem: string };

interface Described {
  readonly fields: Fields;
  readonly id: string;
}

const zero = "00000000-0000-7000-8000-";

/**
 * Finds what references name: first what the file itself describes, then what the hub has. What is yet to be made has an id of
 * the right form that stands for it, until `put` says the real one.
 */
export class References {
  readonly #state: HubState;
  readonly #described = new Map<Section, Described[]>();
  readonly #made = new Map<string, string>();
  #standIns = 0;

  constructor(state: HubState) {
    this.#state = state;
  }

  /** Notes an entry of the file, and answers its id: the one it has in the hub, or a stand-in. */
  describe({ section, noun }: Kind, fields: Fields, id: string | undefined): string {
    const kind = noun as "source" | "subscriber";
    const isReferred = kinds.some(({ reference }) => reference?.section === section);
    const known = id ?? (isReferred ? toWireId(kind, zero + String(++this.#standIns).padStart(12, "0")) : "");
    this.#described.set(section, [...(this.#described.get(section) ?? []), { fields, id: known }]);
    return known;
  }

  resolve({ section }: Reference, name: string): Resolved {
    const kind = kinds.find((each) => each.section === section) as Kind;
    const inHub = (this.#state.get(section) ?? []).map((fields) => ({ fields, id: String(fields["id"]) }));
    for (const candidates of [this.#described.get(section) ?? [], inHub]) {
      const found = named(kind, candidates, name);
      const [first, ...more] = new Set(found.map(({ id }) => id));
      if (more.length > 0)
        return {
          problem: `is ambiguous: the hub has several ${section} of this name (${[first, ...more].join(", ")})`,
        };
      if (first !== undefined) return { id: first };
    }
    return { problem: `names no ${kind.noun} of the file or of the hub` };
  }

  /** The thing that a stand-in stood for has been made. */
  put(standIn: string, id: string): void {
    this.#made.set(standIn, id);
  }

  /** The id to send. */
  idOf(id: unknown): unknown {
    return typeof id === "string" ? (this.#made.get(id) ?? id) : id;
  }
}

// By the first name that any has: an external id goes before a name for people.
function named({ namesOf }: Kind, candidates: readonly Described[], name: string): readonly Described[] {
  const first = candidates.filter(({ fields }) => namesOf(fields)[0] === name);
  return first.length > 0 ? first : candidates.filter(({ fields }) => namesOf(fields).includes(name));
}
