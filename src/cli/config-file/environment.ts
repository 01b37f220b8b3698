import type { Fields, Kind } from "./kinds.ts";

/** What substitution works with. */
export interface Substitution {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets the values that were used, by name. */
  readonly hidden: Map<string, string>;
  /** Hears of what cannot be substituted: the path within the entry, and what is wrong there. */
  readonly missing: (path: string, message: string) => void;
}

// `$${` is a `${` that is meant as it stands.
const variable = /(\$?)\$\{([^}]*)\}?/g;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
// Shorter ones stand in too many places by chance.
const leastHidden = 4;

/** Whether a value, or one within it, names a variable. */
export function namesVariable(value: unknown): boolean {
  if (typeof value === "string") return /(?<!\$)\$\{/.test(value);
  return typeof value === "object" && value !== null && Object.values(value).some(namesVariable);
}

/** An entry with the variables in place that its kind takes from the environment. Values are taken as they are, once. */
export function substituteVariables(kind: Kind, entry: Fields, substitution: Substitution): Fields {
  const { environment, hidden, missing } = substitution;
  const substitute = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => substitute(item, `${path}.${index}`));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, substitute(item, `${path}.${name}`)]),
      );
    if (typeof value !== "string") return value;
    return value.replaceAll(variable, (written: string, escape: string, name: string) => {
      if (escape !== "") return written.slice(1);
      const found = environment[name];
      if (!variableName.test(name) || !written.endsWith("}"))
        missing(path, "has a ${ that is not followed by the name of a variable and }");
      else if (found === undefined || found === "")
        missing(path, `names the variable ${name}, which is not set in the environment`);
      else hidden.set(name, found);
      return found ?? "";
    });
  };
  return Object.fromEntries(
    Object.entries(entry).map(([field, value]) => [
      field,
      kind.environmentFields.includes(field) ? substitute(value, field) : value,
    ]),
  );
}

/** A value that stands for itself in a field of which variables are taken. */
export function escapeVariables(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("${", () => "$${");
  if (Array.isArray(value)) return value.map(escapeVariables);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, escapeVariables(item)]));
}

/** A text without the values that were taken from the environment: each is its `${NAME}` again. */
export function hideValues(text: string, hidden: ReadonlyMap<string, string>): string {
  let shown = text;
  // The longest first: it may hold another one.
  for (const [name, value] of [...hidden].toSorted(([, one], [, other]) => other.length - one.length))
    if (value.length >= leastHidden) shown = shown.replaceAll(value, () => `\${${name}}`);
  return shown;
}
