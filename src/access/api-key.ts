import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

const prefix = "hky_";
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
// 62^27 > 2^160: nobody guesses one, so a plain SHA-256 is enough to store it by.
const randomCharacters = 27;
// 62^6 > 2^32: room for a CRC32.
const checksumCharacters = 6;
const hintCharacters = 4;
const wellFormed = new RegExp(`^${prefix}[0-9A-Za-z]{${randomCharacters + checksumCharacters}}$`);
const leastBootstrapCharacters = 32;

/** A new API key. `key` is shown once; `hash` and `hint` are what is stored. */
interface GeneratedApiKey {
  readonly key: string;
  /** SHA-256 of the key, 32 bytes. */
  readonly hash: Buffer;
  /** How lists show the key, e.g. `hky_AbCd…`. */
  readonly hint: string;
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let text = "";
  for (let position = 0; position < checksumCharacters; position += 1) {
    text = alphabet.charAt(rest % alphabet.length) + text;
    rest = Math.floor(rest / alphabet.length);
  }
  return text;
}

/** The SHA-256 under which a key is stored and looked up: the lookup compares hashes, so its timing tells nothing. */
export function hashApiKey(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Makes a key: `hky_`, 27 random base62 characters (160 bits), a 6-character checksum. */
export function generateApiKey(): GeneratedApiKey {
  let body = prefix;
  for (let position = 0; position < randomCharacters; position += 1)
    body += alphabet.charAt(randomInt(alphabet.length));
  const key = body + checksumOf(body);
  return { key, hash: hashApiKey(key), hint: `${key.slice(0, prefix.length + hintCharacters)}…` };
}

/**
 * The hash to look a presented key up by, or undefined when it is not well-formed or its checksum is wrong: typing errors
 * and guesses are answered 401 without a database read. The checksum is no secret and proves nothing else.
 */
export function parseApiKey(text: string): Buffer | undefined {
  if (!wellFormed.test(text)) return undefined;
  const body = text.slice(0, -checksumCharacters);
  return text.slice(-checksumCharacters) === checksumOf(body) ? hashApiKey(text) : undefined;
}

/**
 * Whether `presented` is HOOKYARD_ADMIN_KEY, in a time that depends on neither. Hashing first makes the lengths equal, as
 * timingSafeEqual demands. A configured key below 32 characters never matches.
 */
export function isBootstrapKey(presented: string, configured: string): boolean {
  const equal = timingSafeEqual(hashApiKey(presented), hashApiKey(configured));
  return equal && configured.length >= leastBootstrapCharacters;
}
