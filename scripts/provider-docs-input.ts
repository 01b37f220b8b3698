import { providers } from "../src/sources/providers/catalogue.ts";
import { libraryOracles } from "../test/conformance/library-oracles.ts";
import { recordedOracles } from "../test/conformance/recorded-oracles.ts";
import type { MissingProvider, ProviderDocs } from "./provider-docs.ts";

/** Providers whose verification the declarative scheme does not express. Each leaves this list by entering the catalogue. */
const verifiedByCode: readonly MissingProvider[] = [
  { id: "twilio", reason: "signs the URL with the sorted form parameters; needs code" },
  { id: "asana", reason: "hands over a secret for each hook in its handshake; needs code" },
  { id: "mailgun", reason: "signs a timestamp and a token in the body, and not the payload; needs code" },
  { id: "adyen", reason: "signs eight fields of each item; needs code" },
  { id: "aws-sns", reason: "signs with a certificate that has to be fetched; needs code" },
  { id: "paypal", reason: "signs a checksum of the body, with a certificate that has to be fetched; needs code" },
  { id: "microsoft-graph", reason: "sends a clientState in each item, and a token to echo; needs code" },
  { id: "jira-oauth", reason: "the webhooks of OAuth and Connect apps carry a JWT; needs code" },
];

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
    missing: verifiedByCode.filter(({ id }) => !providers.has(id)),
  };
}
