import type { VerificationScheme } from "../verification-scheme.ts";

/** An entry of the catalogue: what the hub knows of whoever sends webhooks. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** Undefined for `custom`, whose sources bring their own. */
  readonly scheme: VerificationScheme | undefined;
  /** Where the secret is found, and how it is written. */
  readonly secretHint: string;
  /** What the provider asks besides sending events, and what it is answered; undefined when nothing. */
  readonly handshake: string | undefined;
}
