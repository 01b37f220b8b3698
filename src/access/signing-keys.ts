import { deriveKey, type MasterKeys } from "../platform/master-keys.ts";

/** The keys of access tokens, derived from the master keys: rotating those rotates these, and old tokens live out. */
export function signingKeysOf(masterKeys: MasterKeys): {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
} {
  return {
    current: String(masterKeys.current),
    keys: new Map([...masterKeys.keys].map(([version, key]) => [String(version), deriveKey(key, "access-token")])),
  };
}
