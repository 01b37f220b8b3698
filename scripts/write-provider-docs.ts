import { writeFileSync } from "node:fs";
import { renderProviderDocs } from "./provider-docs.ts";
import { providerDocsInput } from "./provider-docs-input.ts";

writeFileSync(new URL("../docs/providers.md", import.meta.url), renderProviderDocs(providerDocsInput()));
