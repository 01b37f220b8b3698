/** A JSON pointer (RFC 6901) cut into its unescaped keys. */
export type PointerPath = readonly string[];

/** `/a~1b/0` → `["a/b", "0"]`. */
export function parsePointer(pointer: string): PointerPath {
  return pointer
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** What stands there, or undefined. Looks at own properties only, so that `/constructor` finds nothing in `{}`. */
export function readPointer(document: unknown, path: PointerPath): unknown {
  let current = document;
  for (const key of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[key];
  }
  return current;
}

/**
 * What stands there as a text: a string that is not empty, or an integer that a double holds exactly (two ids above 2^53 would
 * read as one).
 */
export function readPointerText(document: unknown, path: PointerPath): string | undefined {
  const found = readPointer(document, path);
  if (typeof found === "string") return found === "" ? undefined : found;
  return Number.isSafeInteger(found) ? String(found) : undefined;
}

/** A copy of the document in which the value stands there; lists and objects on the way are made where they are missing. */
export function withValueAt(document: unknown, path: PointerPath, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(document) && /^\d+$/.test(key)) {
    const items: unknown[] = [...document];
    items[Math.min(Number(key), items.length)] = withValueAt(document[Number(key)], rest, value);
    return items;
  }
  const properties = typeof document === "object" && document !== null ? Object.entries(document) : [];
  const inner = properties.find(([name]) => name === key)?.[1] as unknown;
  return Object.fromEntries([...properties, [key, withValueAt(inner, rest, value)]]);
}
