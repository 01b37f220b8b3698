import type { CodeVerifier } from "../verification/code-verifier.ts";
import type { SchemeSettings, VerificationScheme } from "../verification-scheme.ts";

/** An entry of the catalogue: what the hub knows of whoever sends webhooks. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** The provider's own page on its webhooks; undefined for what is no one's. */
  readonly docsUrl: string | undefined;
  /** Undefined for `custom`, whose sources bring their own, and for providers with a `verifier`. */
  readonly scheme: VerificationScheme | undefined;
  /** How it is verified, where no scheme can say it. */
  readonly verifier?: CodeVerifier;
  /**
   * The provider hands over the secret itself: a source may be made without one. With `to_type_in` it wants to see it again, typed
   * in by the source's owner, to whom the hub shows it once.
   */
  readonly handsOverSecret?: "to_keep" | "to_type_in";
  /** Where the secret is found, and how it is written. */
  readonly secretHint: string;
  /** The secrets that a form asks for, where there are several with a meaning each. Absent: one, as `secretHint` says. */
  readonly secretFields?: readonly SecretField[];
  /** What to do at the provider, step by step; `{url}` stands for the source's URL. */
  readonly setup: readonly string[];
  /** What the provider asks besides sending events, and what it is answered; undefined when nothing. */
  readonly handshake: string | undefined;
  /** The one status that the provider takes for success; absent: any 2xx. */
  readonly successStatus?: number;
  /** What a source may set of the scheme. */
  readonly settings?: readonly (keyof SchemeSettings)[];
  /** Where an event says who caused it: JSON pointers into the body, the first that leads somewhere counts. Absent: nowhere that is known. */
  readonly actor?: readonly string[];
  /** A delivery as the provider would send it; undefined for `custom`. */
  readonly sample: ProviderSample | undefined;
}

/** One of several secrets. */
export interface SecretField {
  readonly label: string;
  readonly hint: string;
  /** Written before it in the source's `secrets`, and says what the secret is for. */
  readonly prefix?: string;
  readonly required: boolean;
}

/** A JSON value as it is sent. */
export type SampleValue = string | number | boolean | null | SampleList | SampleObject;
export type SampleList = readonly SampleValue[];
export interface SampleObject {
  readonly [key: string]: SampleValue;
}

/**
 * A small, realistic delivery. In its texts `$id` stands for an id that is new each time, `$time` for now (RFC 3339); a text that
 * is just `$number`, `$seconds` or `$milliseconds` for an integer: a new one, or now as the provider counts it.
 */
export interface ProviderSample {
  /** Besides Content-Type, the signature and what it needs. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: SampleObject | SampleList;
  /** What the hub reads as its type. */
  readonly eventType: string;
}
