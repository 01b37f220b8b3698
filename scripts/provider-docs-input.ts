import { providers } from "../src/sources/providers/catalogue.ts";
import { libraryOracles } from "../test/conformance/library-oracles.ts";
import { recordedOracles } from "../test/conformance/recorded-oracles.ts";
import type { ProviderDocs } from "./provider-docs.ts";

/** The catalogue with what the tests check it against. */
export function providerDocsInput(): ProviderDocs {
  const oracles = new Map<string, string[]>();
  const add = (id: string, oracle: string) => {
    const known = oracles.get(id) ?? [];
    if (!known.includes(oracle)) oracles.set(id, [...known, oracle]);
  };
  for (const { library, providers: ids } of libraryOracles) for (const id of ids) add(id, `library: \`${library}\``);
  for (const { provider, from } of recordedOracles) add(provider, `recorded: ${from}`);
  return {
    providers: [...providers.values()],
    oracles,
  };
}
