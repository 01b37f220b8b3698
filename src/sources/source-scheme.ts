import { type FieldError, InvalidError } from "../lib/errors.ts";
import { compileScheme } from "./compile-scheme.ts";
import { compileSecret } from "./compile-secret.ts";
import { providers } from "./providers/catalogue.ts";
import type { Verification } from "./source.ts";
import type { VerificationScheme } from "./verification-scheme.ts";

/**
 * The scheme by which a source's requests are verified: its provider's, or its own for the provider `custom`. Throws
 * InvalidError for an unknown provider, a custom one without a scheme, and a scheme beside any other provider.
 */
export function schemeOfSource(provider: string, verification: Verification): VerificationScheme {
  const known = providers.get(provider);
  if (known === undefined) throw invalid("provider", `must be one of ${[...providers.keys()].join(", ")}`);
  if (known.scheme === undefined) {
    if (verification.scheme !== undefined) return verification.scheme;
    throw invalid("verification.scheme", `is required for the provider ${provider}`);
  }
  if (verification.scheme === undefined) return known.scheme;
  throw invalid("verification.scheme", `is only for the provider custom; ${provider} has its own`);
}

/** What is wrong with secrets for a scheme, under the path of each. Never repeats a secret. */
export function secretProblems(scheme: VerificationScheme, secrets: ReadonlyMap<string, string>): FieldError[] {
  const compiled = compileScheme(scheme);
  return [...secrets].flatMap(([path, secret]) => {
    const result = compileSecret(compiled, secret);
    return result.ok ? [] : [{ path, message: result.message }];
  });
}

function invalid(path: string, message: string): InvalidError {
  return new InvalidError(`${path} ${message}`, [{ path, message }]);
}
