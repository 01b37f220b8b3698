/** Node's `req.rawHeaders`: names and values in turn, as they came. */
export type RawHeaders = readonly string[];

export interface PickedHeaders {
  /** By lower-case name; of a repeated header the first value. */
  readonly values: ReadonlyMap<string, string>;
  /** Names that came more than once, with every value; undefined when none did. */
  readonly repeated: ReadonlyMap<string, readonly string[]> | undefined;
}

/**
 * Reads the wanted headers off the raw list. `req.headers` would not do: it joins a doubled signature header with ", ", which
 * then reads as one list.
 *
 * @param wanted lower-case names
 */
export function pickHeaders(rawHeaders: RawHeaders, wanted: ReadonlySet<string>): PickedHeaders {
  const values = new Map<string, string>();
  let repeated: Map<string, string[]> | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    if (!wanted.has(name)) continue;
    const value = rawHeaders[index + 1] ?? "";
    const first = values.get(name);
    if (first === undefined) {
      values.set(name, value);
      continue;
    }
    repeated ??= new Map();
    const all = repeated.get(name);
    if (all === undefined) repeated.set(name, [first, value]);
    else all.push(value);
  }
  return { values, repeated };
}
