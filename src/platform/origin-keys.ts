import { deriveKey, type MasterKeys } from "./master-keys.ts";
import type { Services } from "./services.ts";

/** The keys of origin markers, derived from the master keys: a marker made before a rotation still counts after it. */
export function originKeysOf({ current, keys }: MasterKeys): Services["originKeys"] {
  const derived = new Map([...keys].map(([version, key]) => [version, deriveKey(key, "origin-marker")]));
  return { current: derived.get(current) as Buffer, all: [...derived.values()] };
}
