import { hkdfSync, randomBytes } from "node:crypto";
import { InvalidError } from "../lib/errors.ts";

const keyBytes = 32;
// 32 random bytes hold fewer than 16 different values once in 10^15 draws; "0000…" and "0123456789abcdef" ×4 always do.
const leastDistinctBytes = 16;

/** The master keys of a hub: the current one seals, the others only open what was sealed before a rotation. */
export interface MasterKeys {
  readonly current: number;
  /** 32 bytes each, by version. */
  readonly keys: ReadonlyMap<number, Buffer>;
}

/** A fresh master key as 64 hexadecimal characters, in the form that `parseMasterKeys` accepts. */
export function generateMasterKey(): string {
  return randomBytes(keyBytes).toString("hex");
}

function decodeKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? Buffer.from(text, "base64") : undefined;
}

/**
 * Reads HOOKYARD_MASTER_KEY: one key (64 hexadecimal or 44 base64 characters, version 1), or for rotation a list
 * `2:<key>,1:<key>` whose first entry is the current one. `origin` names the variable or file in the error.
 * Throws InvalidError with the remedy, never with the text, for anything that is not 32 random-looking bytes.
 */
export function parseMasterKeys(text: string, origin = "HOOKYARD_MASTER_KEY"): MasterKeys {
  const refuse = (problem: string): never => {
    throw new InvalidError(`${origin} ${problem}`, [{ path: origin, message: problem }], "bad_master_key");
  };
  const trimmed = text.trim();
  const entries = (trimmed.includes(":") ? trimmed : `1:${trimmed}`).split(",");
  const keys = new Map<number, Buffer>();
  for (const entry of entries) {
    const [, versionText, keyText] = /^\s*([1-9]\d{0,8})\s*:(.*)$/.exec(entry) ?? [];
    if (versionText === undefined || keyText === undefined)
      return refuse("must be one key, or a list like 2:<new key>,1:<old key> with the current version first");
    const version = Number(versionText);
    const key = decodeKey(keyText.trim());
    if (key === undefined || new Set(key).size < leastDistinctBytes)
      return refuse(
        `version ${version} must be 32 random bytes as 64 hexadecimal or 44 base64 characters; make one with: openssl rand -hex 32`,
      );
    if (keys.has(version)) return refuse(`names version ${version} twice; give each key its own version`);
    keys.set(version, key);
  }
  const [current] = keys.keys();
  return current === undefined ? refuse("must hold a key") : { current, keys };
}

/**
 * A 32-byte key for one purpose, by HKDF-SHA256 (RFC 5869), so that no two uses share key material: knowing one derived
 * key tells nothing of the master key or of another purpose's key.
 */
export function deriveKey(masterKey: Buffer, purpose: string): Buffer {
  if (masterKey.length !== keyBytes)
    throw new RangeError(`A master key has ${keyBytes} bytes, not ${masterKey.length}`);
  return Buffer.from(hkdfSync("sha256", masterKey, "", `hookyard/${purpose}`, keyBytes));
}
