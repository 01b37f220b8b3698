import { type FieldError, InvalidError } from "../lib/errors.ts";
import { type CompiledScheme, compileProvider, compileScheme } from "./compile-scheme.ts";
import { compileSecret } from "./compile-secret.ts";
import { configureScheme } from "./configure-scheme.ts";
import { providers } from "./providers/catalogue.ts";
import type { Provider } from "./providers/provider.ts";
import type { Verification } from "./source.ts";
import type { SchemeSettings } from "./verification-scheme.ts";

// Shared by all sources of a provider.
const compiled = new Map<Provider, CompiledScheme | undefined>();

/**
 * The scheme by which a source's requests are verified: its provider's with the source's own settings, or its own for the
 * provider `custom`. Throws InvalidError for an unknown provider, a custom one without a scheme, a scheme beside any other
 * provider, settings that the provider does not have or that do not fit its scheme, and a split of what is never a batch.
 */
export function schemeOfSource(providerId: string, verification: Verification): CompiledScheme {
  const provider = providers.get(providerId);
  if (provider === undefined) throw invalid("provider", `must be one of ${[...providers.keys()].join(", ")}`);
  const scheme = configuredScheme(provider, verification);
  if (verification.split === true && scheme.batch === undefined)
    throw invalid("verification.split", "is only for senders whose deliveries hold several events");
  return scheme;
}

function configuredScheme(provider: Provider, verification: Verification): CompiledScheme {
  const settings = settingsOf(verification);
  const isSet = Object.keys(settings).length > 0;
  const known = compiledOf(provider);
  if (known !== undefined && verification.scheme !== undefined)
    throw invalid("verification.scheme", `is only for the provider custom; ${provider.id} has its own`);
  if (known !== undefined && !isSet) return known;
  const scheme = provider.scheme ?? verification.scheme;
  if (scheme === undefined && known === undefined)
    throw invalid("verification.scheme", `is required for the provider ${provider.id}`);
  if (scheme !== undefined && !isSet) return compileScheme(scheme);
  const configured = configureScheme(provider, scheme, settings);
  if (configured.ok) return compileScheme(configured.scheme);
  const problems = configured.problems.map(({ path, message }) => ({ path: `verification.${path}`, message }));
  throw new InvalidError(problems.map(({ path, message }) => `${path} ${message}`).join("; "), problems);
}

function compiledOf(provider: Provider): CompiledScheme | undefined {
  if (!compiled.has(provider)) compiled.set(provider, compileProvider(provider));
  return compiled.get(provider);
}

function settingsOf({ header, deliveryId, eventType }: Verification): SchemeSettings {
  return {
    ...(header === undefined ? {} : { header }),
    ...(deliveryId === undefined ? {} : { deliveryId }),
    ...(eventType === undefined ? {} : { eventType }),
  };
}

/** What is wrong with secrets for a scheme, under the path of each. Never repeats a secret. */
export function secretProblems(scheme: CompiledScheme, secrets: ReadonlyMap<string, string>): FieldError[] {
  return [...secrets].flatMap(([path, secret]) => {
    const result = compileSecret(scheme, secret);
    return result.ok ? [] : [{ path, message: result.message }];
  });
}

function invalid(path: string, message: string): InvalidError {
  return new InvalidError(`${path} ${message}`, [{ path, message }]);
}
