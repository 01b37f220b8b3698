import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { InvalidError, UnavailableError } from "../lib/errors.ts";
import { deriveKey, type MasterKeys } from "./master-keys.ts";

// A sealed value: format 1 · master key version 4 · [nonce 12 · tag 16 · data key 32] · [nonce 12 · tag 16 · ciphertext].
const format = 1;
const headerBytes = 5;
const nonceBytes = 12;
const tagBytes = 16;
const dataKeyBytes = 32;
const wrappedBytes = nonceBytes + tagBytes + dataKeyBytes;

/** The one place where a sealed value belongs; it opens nowhere else, so a row copied onto another reveals nothing. */
export interface SecretBinding {
  readonly projectId: string;
  readonly object:
    | "source_secret"
    | "endpoint_secret"
    | "endpoint_credential"
    | "agent_secret"
    | "a2a_push_config"
    | "idempotent_response";
  /** The id of the row. */
  readonly id: string;
  /** The version of this secret in its row's history, so that an old value cannot be put back. */
  readonly version: number;
}

/** Seals secrets at rest. */
export interface SecretBox {
  /** Seals with the current master key. The same plaintext seals differently each time. */
  seal(binding: SecretBinding, plaintext: Buffer | string): Buffer;
  /**
   * The plaintext. Throws UnavailableError `secret_unreadable`, whose message is for the operator, when the master key is
   * not configured, the binding is another one, or any byte was altered.
   */
  open(binding: SecretBinding, sealed: Buffer): Buffer;
}

function encrypt(key: KeyObject, additionalData: Buffer, plaintext: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes }).setAAD(additionalData);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

function decrypt(key: KeyObject, additionalData: Buffer, encrypted: Buffer): Buffer {
  const nonce = encrypted.subarray(0, nonceBytes);
  const tag = encrypted.subarray(nonceBytes, nonceBytes + tagBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(additionalData).setAuthTag(tag);
  return Buffer.concat([decipher.update(encrypted.subarray(nonceBytes + tagBytes)), decipher.final()]);
}

// A JSON array and not a join with "|": ids may hold any character, and two bindings must never read the same.
function additionalDataOf(header: Buffer, { projectId, object, id, version }: SecretBinding): Buffer {
  return Buffer.concat([header, Buffer.from(JSON.stringify([projectId, object, id, version]))]);
}

/**
 * Makes a box on the given master keys. Each value has its own random data key, wrapped by the master key, so one master
 * key seals 2^32 values before random nonces come near their bound (NIST SP 800-38D §8.3); rotation starts a new count.
 * Throws InvalidError when the current version has no key.
 */
export function createSecretBox(masterKeys: MasterKeys): SecretBox {
  const wrappingKeys = new Map(
    [...masterKeys.keys].map(([version, key]) => [version, createSecretKey(deriveKey(key, "secret-box"))] as const),
  );
  const currentKey = wrappingKeys.get(masterKeys.current);
  if (currentKey === undefined) {
    const message = `names version ${masterKeys.current} as the current one, but holds no key for it`;
    throw new InvalidError(`The master key ${message}`, [{ path: "current", message }], "bad_master_key");
  }
  const currentHeader = Buffer.alloc(headerBytes);
  currentHeader.writeUInt8(format, 0);
  currentHeader.writeUInt32BE(masterKeys.current, 1);

  return {
    seal(binding: SecretBinding, plaintext: Buffer | string): Buffer {
      const additionalData = additionalDataOf(currentHeader, binding);
      const dataKey = randomBytes(dataKeyBytes);
      const wrapped = encrypt(currentKey, additionalData, dataKey);
      return Buffer.concat([
        currentHeader,
        wrapped,
        encrypt(createSecretKey(dataKey), additionalData, Buffer.from(plaintext)),
      ]);
    },

    open(binding: SecretBinding, sealed: Buffer): Buffer {
      const unreadable = (why: string, cause?: unknown): UnavailableError =>
        new UnavailableError("secret_unreadable", `Cannot open ${binding.object} ${binding.id}: ${why}`, { cause });
      if (sealed.length < headerBytes + wrappedBytes + nonceBytes + tagBytes)
        throw unreadable("the stored value is cut short");
      if (sealed.readUInt8(0) !== format)
        throw unreadable(
          `the stored value has format ${sealed.readUInt8(0)}, which this version of the hub does not know`,
        );
      const version = sealed.readUInt32BE(1);
      const wrappingKey = wrappingKeys.get(version);
      if (wrappingKey === undefined)
        throw unreadable(
          `it was sealed with master key version ${version}, which is not configured; add ${version}:<key> to HOOKYARD_MASTER_KEY`,
        );
      const additionalData = additionalDataOf(sealed.subarray(0, headerBytes), binding);
      try {
        const dataKey = decrypt(wrappingKey, additionalData, sealed.subarray(headerBytes, headerBytes + wrappedBytes));
        return decrypt(createSecretKey(dataKey), additionalData, sealed.subarray(headerBytes + wrappedBytes));
      } catch (cause) {
        const why = `master key version ${version} is not the key that sealed it, or the value was altered or moved from another row`;
        throw unreadable(why, cause);
      }
    },
  };
}
