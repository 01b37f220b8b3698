import type { FieldError } from "../lib/errors.ts";
import type { Provider } from "./providers/provider.ts";
import { type SchemeSettings, type VerificationScheme, verificationScheme } from "./verification-scheme.ts";

/** The scheme, or what is wrong with the settings, under the path of each. */
type ConfiguredScheme =
  | { readonly ok: true; readonly scheme: VerificationScheme }
  | { readonly ok: false; readonly problems: readonly FieldError[] };

/** A provider's scheme with what a source says of its own sender: in which header the credential stands, and what names its events. */
export function configureScheme(
  { id, settings = [] }: Provider,
  scheme: VerificationScheme | undefined,
  wanted: SchemeSettings,
): ConfiguredScheme {
  const given = Object.keys(wanted).filter((key) => wanted[key as keyof SchemeSettings] !== undefined);
  const foreign = given.filter((key) => !settings.some((setting) => setting === key));
  if (foreign.length > 0)
    return {
      ok: false,
      problems: foreign.map((path) => ({ path, message: `is not to be set for the provider ${id}` })),
    };
  const parsed = verificationScheme.safeParse({ ...scheme, ...wanted });
  if (parsed.success) return { ok: true, scheme: parsed.data };
  return { ok: false, problems: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })) };
}
