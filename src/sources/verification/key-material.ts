import type { KeyObject } from "node:crypto";

/** A secret decoded for a scheme: make it once, keep it with the compiled scheme, and never log it. */
export interface KeyMaterial {
  /** By the index of the scheme's method; undefined where the secret does not serve it. A static secret is its SHA-256. */
  readonly keys: readonly (KeyObject | Buffer | undefined)[];
  /** Set when the secret answers a handshake's `equalsSecret` instead: its prefix, and the SHA-256 of the rest. */
  readonly handshakeSecret: { readonly prefix: string; readonly digest: Buffer } | undefined;
}
